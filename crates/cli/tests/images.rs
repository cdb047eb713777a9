//! Folders of images, from the experiment file to predictions.
#![allow(clippy::unwrap_used)]

mod common;

use common::{GOOD, Place, json, keys, train, with};

/// A PNG file of this size in one colour.
fn png(width: u32, height: u32, color: [u8; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let pixels = color.repeat((width * height) as usize);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

/// So many red and so many blue images, in a folder for each.
fn put(place: &Place, folder: &str, each: u8) {
    for i in 0..each {
        place.put(&format!("{folder}/blue/{i}.png"), png(6, 5, [i, 0, 200 + i]));
        place.put(&format!("{folder}/red/{i}.png"), png(6, 5, [200 + i, i, 0]));
    }
}

/// An experiment on images with this `[data]`.
fn experiment(data: &str) -> String {
    let layers = "layers = [\"flatten\", { layer = \"dense\", units = 2, activation = \"softmax\" }]";
    with(&with(GOOD, "model", layers), "data", data)
}

#[test]
fn a_folder_is_trained_on_evaluated_and_predicted_from() {
    let place = Place::new();
    put(&place, "photos", 10);
    place.put("e.toml", experiment("train = \"photos\"\nscale = \"unit\"\nvalidation_split = 0.25"));
    let result =
        train(&place, &["e.toml", "--out", "run", "--set", "fit.epochs=30", "--set", "fit.batch_size=4"]);
    assert_eq!(
        result["val_accuracy"], 1.0,
        "shuffled before the split, so that both classes are on both sides"
    );
    let form = json(&std::fs::read_to_string(place.path("run/data.json")).unwrap());
    assert_eq!(form["inputs"][0]["shape"], serde_json::json!([5, 6, 3]));
    assert_eq!(form["classes"], serde_json::json!(["blue", "red"]));
    assert_eq!(form["images"], serde_json::json!({ "image_size": null, "color_mode": "rgb" }));
    let evaluated = json(&place.fine(&["evaluate", "run", "--json"]));
    let off = evaluated["loss"].as_f64().unwrap() - result["val_loss"].as_f64().unwrap();
    assert!(off.abs() < 1e-6, "the same images are held back again, in batches of another size: {off}");
    // New images: a folder, classes or none, and a single file.
    place.put("new/z.png", png(6, 5, [255, 0, 0])).put("new/a, b.jpg", png(6, 5, [0, 0, 255]));
    let predicted = place.fine(&["predict", "run", "new"]);
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "file,blue,red"));
    let probability = |line: &str| line.rsplit(',').next().unwrap().parse::<f64>().unwrap();
    assert!(lines[1].starts_with("\"new/a, b.jpg\",") && probability(lines[1]) < 0.5, "{predicted}");
    assert!(lines[2].starts_with("new/z.png,") && probability(lines[2]) > 0.5, "{predicted}");
    let one = place.fine(&["predict", "run", "new/z.png"]);
    assert_eq!(one.lines().collect::<Vec<_>>(), [lines[0], lines[2]]);
    assert_eq!(place.fine(&["predict", "run"]).lines().count(), 6, "the validation data");
    // Other images to evaluate with, when those of training are gone; a class may be missing.
    place.put("other/red/1.png", png(6, 5, [255, 0, 0]));
    std::fs::remove_dir_all(place.path("photos")).unwrap();
    let set = ["evaluate", "run", "--json", "--set", "data.validation=other"];
    assert_eq!(json(&place.fine(&set))["accuracy"], 1.0, "labels are those of training");
    let ended = place.run(&["evaluate", "run"]);
    assert!(ended.code == 2 && ended.err.contains("photos"), "{}", ended.err);
    place.put("other/green/1.png", png(6, 5, [0, 255, 0]));
    let ended = place.run(&set);
    assert!(
        ended.code == 2 && ended.err.contains("the class `green` is not one of training"),
        "{}",
        ended.err
    );
}

#[test]
fn parts_of_a_folder_and_two_folders_are_the_same() {
    let place = Place::new();
    put(&place, "photos/train", 6);
    put(&place, "photos/validation", 2);
    put(&place, "photos/test", 1);
    place.put("parts.toml", experiment("source = \"images\"\npath = \"photos\"\nscale = \"standard\""));
    let two = "train = \"photos/train\"\nvalidation = \"photos/validation\"\nscale = \"standard\"";
    place.put("two.toml", experiment(two));
    let results = ["parts", "two"].map(|name| train(&place, &[&format!("{name}.toml"), "--out", name]));
    assert_eq!(results[0]["val_loss"], results[1]["val_loss"]);
    std::fs::remove_dir_all(place.path("photos/train/red")).unwrap();
    for run in ["parts", "two"] {
        let evaluated = json(&place.fine(&["evaluate", run, "--json"]));
        assert_eq!(evaluated["loss"], results[0]["val_loss"], "the images of training are not read again");
        assert_eq!(place.fine(&["predict", run]).lines().count(), 5);
        let test = json(&place.fine(&["evaluate", run, "--json", "--set", "data.validation=photos/test"]));
        assert!(test["loss"].is_number());
    }
}

#[test]
fn images_are_brought_to_one_size_and_colour() {
    let place = Place::new();
    put(&place, "photos", 3);
    place.put("photos/red/large.png", png(40, 30, [255, 0, 0]));
    place.put("e.toml", experiment("train = \"photos\"\nimage_size = [4, 3]\ncolor_mode = \"grayscale\""));
    train(&place, &["e.toml", "--out", "run"]);
    let form = json(&std::fs::read_to_string(place.path("run/data.json")).unwrap());
    assert_eq!(form["inputs"][0]["shape"], serde_json::json!([4, 3, 1]));
    place.put("new.png", png(17, 19, [255, 0, 0]));
    assert_eq!(place.fine(&["predict", "run", "new.png"]).lines().count(), 2, "resized as in training");
    place.put("same.toml", experiment("train = \"photos\""));
    let ended = place.run(&["train", "same.toml"]);
    assert!(ended.code == 2 && ended.err.contains("photos/red/large.png: it is 30 × 40"), "{}", ended.err);
    assert!(ended.err.contains("image_size = [5, 6]"), "{}", ended.err);
}

#[test]
fn a_run_on_arrays_of_bytes_takes_images() {
    let place = Place::new();
    // Two images of 2 × 2 bytes, and their labels.
    place.put(
        "m/a-idx3-ubyte",
        [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2][..], &[0, 1, 2, 3, 9, 8, 7, 6]].concat(),
    );
    place.put("m/a-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 0, 1]);
    for (name, channels, shape) in [("flat", "", vec![2, 2]), ("deep", "\nchannels = 1", vec![2, 2, 1])] {
        place.put("e.toml", experiment(&format!("source = \"idx\"\npath = \"m\"{channels}")));
        train(&place, &["e.toml", "--out", name]);
        let form = json(&std::fs::read_to_string(place.path(&format!("{name}/data.json"))).unwrap());
        assert_eq!(form["inputs"][0]["shape"], serde_json::json!(shape));
        place.put("new.png", png(2, 2, [9, 9, 9])).put("large.png", png(3, 2, [9, 9, 9]));
        assert!(place.fine(&["predict", name, "new.png"]).starts_with("file,0,1\nnew.png,"));
        let ended = place.run(&["predict", name, "large.png"]);
        assert!(ended.code == 2 && ended.err.contains("those of training are 2 × 2"), "{}", ended.err);
    }
    let ended = place.run(&["evaluate", "flat", "--set", "data.validation=m"]);
    assert!(ended.code == 2, "{}", ended.out);
    place.put("points.toml", GOOD);
    train(&place, &["points.toml", "--out", "points"]);
    let ended = place.run(&["predict", "points", "new.png"]);
    assert!(ended.code == 2 && ended.err.contains("not trained on images"), "{}", ended.err);
}

#[test]
fn arrays_of_images_may_be_given_an_axis_of_channels() {
    use steadygrad::data::Array;
    let place = Place::new();
    let x = Array::new([4, 2, 3], (0..24).map(|v| v as f32).collect()).unwrap();
    let y = Array::new([4], vec![0.0, 1.0, 0.0, 1.0]).unwrap();
    let arrays = [("x_train", &x), ("y_train", &y), ("x_test", &x), ("y_test", &y)];
    steadygrad::formats::npz::write(place.path("a.npz"), &arrays).unwrap();
    place.put("e.toml", experiment("train = \"a.npz\"\nchannels = 1"));
    let result = train(&place, &["e.toml", "--out", "run"]);
    assert!(keys(&result).contains(&"val_loss"));
    let form = json(&std::fs::read_to_string(place.path("run/data.json")).unwrap());
    assert_eq!(form["inputs"][0]["shape"], serde_json::json!([2, 3, 1]));
    let ended = place.run(&["train", "e.toml", "--set", "data.channels=3"]);
    assert!(ended.err.contains("these images are grey: channels = 1"), "{}", ended.err);
}

#[test]
fn mistakes_with_folders_of_images() {
    let place = Place::new();
    put(&place, "photos", 2);
    place.put("flat/1.png", png(6, 5, [1, 2, 3])).put("photos2/a/1.png", "text").put("a.csv", "x,y\n1,0\n");
    place.put("none/a/1.txt", "").put("none/b/1.png", png(1, 1, [1, 2, 3]));
    for (data, words) in [
        ("source = \"images\"", &["`path`, the folder, is missing", "train = \"photos\""][..]),
        ("source = \"image\"\npath = \"photos\"", &["did you mean `images`?"]),
        ("source = \"images\"\npath = \"nowhere\"", &["[data], nowhere: "]),
        (
            "source = \"images\"\npath = \"a.csv\"",
            &["[data], a.csv", "give the folder whose folders are the classes"],
        ),
        ("train = \"flat\"", &["found 1 image, in no folder of its own", "cats/1.png"]),
        ("train = \"none\"", &["none/a: there is no image in this folder", "1.txt"]),
        ("train = \"photos2\"", &["photos2/a/1.png: neither a PNG nor a JPEG image"]),
        ("train = \"photos\"\ncolor_mode = \"grey\"", &["[data], `color_mode`", "grayscale"]),
        ("train = \"photos\"\nimage_size = [3]", &["`image_size`"]),
        ("train = \"photos\"\nimage_size = 0", &["image_size", "from 1 to"]),
        ("train = \"photos\"\nimage_sizes = 4", &["did you mean `image_size`?"]),
        ("train = \"photos\"\nchannels = 1", &["`channels`", "color_mode = \"grayscale\""]),
        ("train = \"photos\"\ntarget = \"red\"", &["`target`", "their folders are the classes"]),
        ("train = \"photos\"\nvalidation = \"a.csv\"", &["[data], validation, a.csv"]),
        ("train = \"photos\"\nclass_names = [\"red\", \"bleu\"]", &["did you mean `blue`?"]),
    ] {
        place.put("e.toml", experiment(data));
        let ended = place.run(&["train", "e.toml"]);
        assert_eq!(ended.code, 2, "{data}: {}", ended.out);
        assert!(!ended.err.contains("panicked"), "{data}: {}", ended.err);
        for word in words {
            assert!(ended.err.contains(word), "{data}: {word}: {}", ended.err);
        }
    }
    put(&place, "parts/train", 1);
    put(&place, "parts/test", 1);
    for (data, words) in [
        ("train = \"parts\"\nvalidation_split = 0.5", "left out where the folder has a part for validation"),
        ("train = \"photos\"\nvalidation = \"parts\"", "this folder is cut into parts itself"),
    ] {
        place.put("e.toml", experiment(data));
        assert!(place.run(&["train", "e.toml"]).err.contains(words), "{data}");
    }
    let listed = place.fine(&["list", "data"]);
    for name in ["digits", "idx", "images", "npz"] {
        assert!(listed.lines().any(|line| line.starts_with(&format!("{name} "))), "{listed}");
    }
}
