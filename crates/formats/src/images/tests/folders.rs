//! Folders: classes and their order, parts, sizes that differ, and what is said where images are missing.

use super::*;

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];

fn told(place: &Path) -> String {
    folder(place).load().unwrap_err().to_string()
}

#[test]
fn classes_are_sorted_and_so_are_their_files() {
    let (red, blue) = (plain(2, 2, RED), plain(2, 2, BLUE));
    let jpeg = jpeg_of(2, 2, BLUE, |_| {});
    let place = place(&[
        ("photos/Zebra/1.png", &red),
        ("photos/ant/2.PNG", &blue),
        ("photos/ant/10.png", &red),
        ("photos/ant/deeper/0.jpg", &jpeg),
        ("photos/ant/notes.txt", b"none"),
        ("photos/ant/.hidden.png", b"none"),
        ("photos/élan und 象/名.jpeg", &red),
        ("photos/.cache/1.png", b"none"),
        ("photos/readme.md", b"none"),
    ]);
    let (data, second) = folder(place.path().join("photos")).load().unwrap();
    assert_eq!(data.to_string(), "photos: 5 samples of (2, 2, 3), 3 classes");
    assert_eq!(data.class_names.as_deref().unwrap(), ["Zebra", "ant", "élan und 象"]);
    assert_eq!((data.y[0].data(), second), (&[0.0, 1.0, 1.0, 1.0, 2.0][..], None));
    let first = |i: usize| data.x[0].row(i)[0];
    assert_eq!(
        [first(0), first(1), first(2), first(4)],
        [255.0, 255.0, 0.0, 255.0],
        "10.png is before 2.PNG"
    );
    assert_eq!(data.range, Some([0.0, 255.0]));
    data.check().unwrap();
    let chosen = folder(place.path().join("photos")).class_names(["ant", "Zebra"]).load().unwrap().0;
    assert_eq!(chosen.y[0].data(), [0.0, 0.0, 0.0, 1.0]);
    let error = folder(place.path().join("photos")).class_names(["ants"]).load().unwrap_err();
    assert!(error.remedy().contains("did you mean `ant`?"), "{error}");
}

#[test]
fn a_folder_may_be_cut_into_parts() {
    let (red, blue) = (plain(2, 2, RED), plain(2, 2, BLUE));
    let part = |second: &str| {
        place(&[
            ("train/a/1.png", &red),
            ("train/b/1.png", &blue),
            (&format!("{second}/b/1.png"), &blue),
            ("test/a/1.png", &red),
            ("test/b/1.png", &red),
        ])
    };
    for (second, samples) in [("validation", 1), ("valid", 1), ("val", 1), ("test", 2)] {
        let place = part(second);
        let (train, validation) = folder(place.path()).load().unwrap();
        let validation = validation.unwrap();
        assert_eq!((train.len(), validation.len()), (2, samples));
        assert_eq!(validation.class_names, train.class_names);
        assert_eq!(validation.y[0].row(samples - 1), [1.0], "classes are counted as in training: {second}");
        assert_eq!(folder(place.path()).like(&train).load_validation().unwrap(), Some(validation));
    }
    let place = part("validation");
    std::fs::rename(place.path().join("validation/b"), place.path().join("validation/c")).unwrap();
    let error = told(place.path());
    assert!(error.contains("validation: the class `c` is not one of training"), "{error}");
    assert!(error.contains("the classes are the folders a, b"), "{error}");
}

#[test]
fn classes_may_be_called_train_and_test() {
    let red = plain(2, 2, RED);
    let place = place(&[("train/1.png", &red), ("test/1.png", &red)]);
    assert_eq!(folder(place.path()).load().unwrap().0.class_names.unwrap(), ["test", "train"]);
    std::fs::create_dir_all(place.path().join("bus")).unwrap();
    std::fs::write(place.path().join("bus/1.png"), &red).unwrap();
    assert_eq!(folder(place.path()).load().unwrap().0.classes(), Some(3));
    assert_eq!(folder(place.path()).load_validation().unwrap(), None);
}

#[test]
fn images_must_have_one_size_or_be_given_one() {
    let place = place(&[
        ("a/1.png", &plain(3, 2, RED)),
        ("a/2.png", &plain(3, 2, RED)),
        ("b/1.jpg", &jpeg_of(5, 4, RED, |_| {})),
        ("b/2.png", &plain(9, 9, RED)),
    ]);
    let error = folder(place.path()).load().unwrap_err();
    assert!(error.place().ends_with("b/1.jpg"), "{error}");
    assert!(error.what().starts_with("it is 4 × 5 (height × width), and the first, "), "{error}");
    assert!(error.what().ends_with("1.png, is 2 × 3"), "{error}");
    assert_eq!(error.remedy(), "bring all images to one size: image_size = [2, 3]");
    let data = folder(place.path()).image_size(6).color_mode(ColorMode::Grayscale).load().unwrap().0;
    assert_eq!(data.x[0].shape(), [4, 6, 6, 1]);
    let small = folder(place.path()).image_size((2, 3)).load().unwrap().0;
    std::fs::remove_dir_all(place.path().join("a")).unwrap();
    let error = folder(place.path()).like(&small).load().unwrap_err();
    assert!(error.what().ends_with("and those of training are 2 × 3"), "{error}");
    for size in [[0, 5], [5, 1 << 20]] {
        let error = folder(place.path()).image_size(size).load().unwrap_err();
        assert_eq!(error.place(), "image_size");
    }
    let error = folder(place.path()).class_names(["b", "b"]).load().unwrap_err();
    assert_eq!(error.to_string(), "class_names: `b` stands twice\n  help: name each class once");
}

#[test]
fn a_size_for_which_there_is_no_memory_is_refused() {
    let place = place(&[("a/1.png", &plain(1, 1, RED)), ("b/1.png", &plain(1, 1, RED))]);
    let mut files: Vec<PathBuf> = vec![place.path().join("a/1.png")];
    files.resize(1 << 20, place.path().join("b/1.png"));
    let reading = Reading { image_size: Some([MOST_SIDE, MOST_SIDE]), color_mode: ColorMode::Rgba };
    let error = samples::read_all(&files, &reading, None).unwrap_err();
    assert_eq!(error.kind(), steadygrad_kernels::Kind::Memory);
    assert!(error.remedy().contains("image_size"), "{error}");
}

#[test]
fn what_is_missing_is_told() {
    let red = plain(2, 2, RED);
    assert!(told(Path::new("no/such/folder")).starts_with("no/such/folder: "));
    let error = told(place(&[]).path());
    assert!(error.contains("expected a folder for each class, found no folders in it"), "{error}");
    let error = told(place(&[("1.png", &red), ("2.png", &red)]).path());
    assert!(error.contains("found 2 images, in no folders of their own"), "{error}");
    let error = told(&place(&[("1.png", &red)]).path().join("1.png"));
    assert!(error.contains("give the folder whose folders are the classes"), "{error}");
    let files: [(&str, &[u8]); 5] =
        [("a/1.png", &red), ("b/1.txt", b""), ("b/2.txt", b""), ("b/.3.png", b""), ("b/c/4", b"")];
    let error = told(place(&files).path());
    assert!(error.contains("b: there is no image in this folder: the folders c have none; 1.txt, 2.txt is no image by its name; 1 hidden"), "{error}");
    let empty = place(&[("a/1.png", &red)]);
    std::fs::create_dir(empty.path().join("b")).unwrap();
    assert!(told(empty.path()).contains("b: there is no image in this folder: it is empty"));
}

#[test]
fn one_class_is_a_set_and_a_step_too_high_is_none() {
    let red = plain(2, 2, RED);
    let data = folder(place(&[("a/1.png", &red), ("a/2.png", &red)]).path()).load().unwrap().0;
    assert_eq!((data.len(), data.classes()), (2, Some(1)));
    let place = place(&[("photos/a/1.png", &red), ("photos/b/2.png", &red)]);
    let error = told(place.path());
    assert!(
        error.contains("there is one class, `photos`, and its images lie in the folders a, b"),
        "{error}"
    );
    assert!(error.contains("give ") && error.ends_with("photos"), "{error}");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let red = plain(2, 2, RED);
    let broken = |name: &str, bytes: &[u8]| {
        let place = place(&[("a/1.png", &red), ("b/1.png", &red), (name, bytes), ("b/9.png", b"worse")]);
        folder(place.path()).load().unwrap_err()
    };
    for (name, bytes, words) in [
        ("a/2.png", &b"a text"[..], "neither a PNG nor a JPEG"),
        ("a/2.jpg", &red[..red.len() / 2], "cannot be read"),
        ("b/0.png", b"", "empty"),
        ("b/2.gif", b"GIF89a", "this kind of image is not read"),
        ("a/2.WebP", b"RIFF", "convert it to PNG"),
    ] {
        let error = broken(name, bytes);
        assert!(error.place().ends_with(name) && error.to_string().contains(words), "{name}: {error}");
    }
    assert_eq!(
        broken("a/2.jpg", &plain(2, 2, BLUE)).place().rsplit('/').next(),
        Some("9.png"),
        "what it is counts, not its name"
    );
}

#[cfg(unix)]
#[test]
fn links_to_files_and_classes_are_followed_and_circles_are_not() {
    let place = place(&[("set/a/1.png", &plain(2, 2, RED)), ("else/where/1.png", &plain(2, 2, BLUE))]);
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(place.path().join(from), place.path().join(to)).unwrap();
    };
    link("else/where", "set/b");
    link("else/where/1.png", "set/a/2.png");
    link("set", "set/a/circle");
    let data = folder(place.path().join("set")).load().unwrap().0;
    assert_eq!(data.y[0].data(), [0.0, 0.0, 1.0]);
    link("nowhere", "set/a/3.png");
    assert!(told(&place.path().join("set")).contains("3.png: "));
}

#[test]
fn samples_need_no_classes() {
    let place = place(&[("1.png", &plain(2, 2, RED)), ("b/2.png", &plain(2, 2, BLUE))]);
    let (data, files) = folder(place.path()).samples().unwrap();
    assert_eq!((data.len(), data.y.len(), data.class_names), (2, 0, None));
    assert_eq!(files, [place.path().join("1.png"), place.path().join("b/2.png")]);
    let (data, files) = folder(&files[1]).color_mode(ColorMode::Rgba).samples().unwrap();
    assert_eq!((data.x[0].row(0)[..4].to_vec(), files.len()), (vec![0.0, 0.0, 255.0, 255.0], 1));
    assert!(folder(place.path().join("none.png")).samples().unwrap_err().place().ends_with("none.png"));
}

#[test]
fn many_files_come_in_their_order() {
    let place = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        std::fs::create_dir(place.path().join(class)).unwrap();
        for i in 0..40_u8 {
            let value = if class == "a" { i } else { 100 + i };
            std::fs::write(place.path().join(format!("{class}/{i:02}.png")), plain(1, 2, [value, 0, 0]))
                .unwrap();
        }
    }
    let data = folder(place.path()).load().unwrap().0;
    let values: Vec<f32> = (0..80).map(|i| data.x[0].row(i)[0]).collect();
    assert_eq!(values, (0..40).chain(100..140).map(|v| v as f32).collect::<Vec<_>>());
}
