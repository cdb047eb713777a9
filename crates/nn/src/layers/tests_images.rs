//! Layers that move, scale and look up: settings there and back, what is refused, and shapes.

use super::*;
use crate::config::Value;
use crate::constraints::NonNeg;
use crate::initializers::HeNormal;
use crate::model::Purpose;
use crate::regularizers::L2;
use crate::{Model, Sequential, Shape};

const FIRST: DataFormat = DataFormat::ChannelsFirst;

fn with_settings() -> Vec<Arc<dyn Layer>> {
    vec![
        Arc::new(ZeroPadding1D::new((1, 2)).data_format(FIRST)),
        Arc::new(ZeroPadding2D::new((1, 2))),
        Arc::new(ZeroPadding3D::new((1, 2, 3)).data_format(FIRST)),
        Arc::new(Cropping1D::new((1, 2))),
        Arc::new(Cropping2D::new(((1, 2), (3, 4))).data_format(FIRST)),
        Arc::new(Cropping3D::new([[1, 2], [3, 4], [5, 6]])),
        Arc::new(CenterCrop::new(3, 4).data_format(FIRST)),
        Arc::new(UpSampling1D::new(3)),
        Arc::new(UpSampling2D::new((3, 1)).interpolation(Interpolation::Bicubic).data_format(FIRST)),
        Arc::new(UpSampling3D::new([1, 2, 3]).data_format(FIRST)),
        Arc::new(Resizing::new(3, 4).interpolation(Interpolation::Area).crop_to_aspect_ratio(true)),
        Arc::new(Resizing::new(3, 4).pad_to_aspect_ratio(true).fill_value(0.5).antialias(true)),
        Arc::new(SpatialDropout1D::new(0.5).seed(3)),
        Arc::new(SpatialDropout2D::new(0.5).data_format(FIRST)),
        Arc::new(SpatialDropout3D::new(0.5).data_format(FIRST)),
        Arc::new(Normalization::new().axes([1, 2]).moments([1.0, 2.0], [0.5, 4.0]).invert(true)),
        Arc::new(Normalization::new().axes([]).moments(1.0, 4.0)),
        Arc::new(Normalization::new().axes([1, 2]).adapted(&[1.0, 2.0, 3.0, 5.0], [1, 2]).unwrap()),
        Arc::new(Rescaling::new([0.5, 1.0]).offset([0.0, -1.0])),
        Arc::new(RandomFlip::new(Flip::Vertical).seed(1).data_format(FIRST)),
        Arc::new(RandomTranslation::new(0.5, (-0.1, 0.3)).fill_mode(FillMode::Wrap).seed(4)),
        Arc::new(RandomZoom::new(0.5).width_factor((0.1, 0.2)).interpolation(Interpolation::Nearest)),
        Arc::new(RandomRotation::new(0.25).fill_mode(FillMode::Constant).fill_value(2.0)),
        Arc::new(
            Embedding::new(5, 3)
                .embeddings_initializer(HeNormal)
                .embeddings_regularizer(L2::new(0.1))
                .embeddings_constraint(NonNeg),
        ),
    ]
}

#[test]
fn settings_make_a_layer_that_has_them() {
    for layer in with_settings() {
        let json = Config::from_json(&layer.config().to_json()).unwrap();
        let made = from_config(layer.class(), &json).unwrap_or_else(|e| panic!("{layer:?}: {e}"));
        assert_eq!(format!("{:?}", made.layer), format!("{layer:?}"));
    }
}

#[test]
fn settings_as_keras_writes_them() {
    let made = |class: &str, json: &str| {
        let config = Config::from_json(&serde_json::from_str(json).unwrap()).unwrap();
        from_config(class, &config).unwrap_or_else(|e| panic!("{class}: {e}")).layer.config()
    };
    let value = |json: &str| Value::from_json(&serde_json::from_str(json).unwrap());
    let padded = made("ZeroPadding2D", r#"{"padding": [1, [2, 3]]}"#);
    assert_eq!(padded.get("padding"), Some(&value("[[1, 1], [2, 3]]")));
    assert_eq!(made("ZeroPadding1D", r#"{"padding": 2}"#).get("padding"), Some(&value("[2, 2]")));
    assert_eq!(made("Cropping2D", "{}").get("cropping"), Some(&value("[[0, 0], [0, 0]]")));
    assert_eq!(made("Cropping1D", "{}").get("cropping"), Some(&value("[1, 1]")));
    assert_eq!(made("UpSampling1D", r#"{"size": [3]}"#).get("size"), Some(&value("3")));
    assert_eq!(made("Normalization", r#"{"axis": null}"#).get("axis"), Some(&value("[]")));
    assert_eq!(made("Normalization", r#"{"axis": 2}"#).get("axis"), Some(&value("[2]")));
    assert_eq!(made("RandomRotation", r#"{"factor": 0.5}"#).get("factor"), Some(&value("[-0.5, 0.5]")));
    // Files of Keras 2.
    let old = made("DepthwiseConv2D", r#"{"kernel_size": 3, "groups": 1}"#);
    assert_eq!(old.get("groups"), None);
    made("Conv2DTranspose", r#"{"filters": 2, "kernel_size": 3, "groups": 1}"#);
    let glorot = r#"{"class_name": "GlorotUniform", "config": {"seed": null}}"#;
    let old = r#"{"filters": 2, "kernel_size": [3, 3], "groups": 1, "kernel_regularizer": null, "kernel_initializer": "#;
    assert_eq!(made("SeparableConv2D", &format!("{old}{glorot}}}")).get("kernel_initializer"), None);
    let first = made("UpSampling2D", r#"{"data_format": "CHANNELS_FIRST"}"#);
    assert_eq!(first.get("data_format"), Some(&"channels_first".into()));
    assert!(made("Embedding", r#"{"input_dim": 4, "output_dim": 2, "input_length": 10}"#).len() > 4);
}

/// (class, settings as JSON, what the error says)
const REFUSED: &[(&str, &str, &str)] = &[
    ("ZeroPadding2D", r#"{"padding": [1, 2, 3]}"#, "one entry for each axis, found a list of 3"),
    ("ZeroPadding2D", r#"{"padding": -1}"#, "a whole number of 0 or more, found the number -1"),
    ("ZeroPadding1D", r#"{"padding": [1, 2, 3]}"#, "two of them, before and behind, found a list of 3"),
    ("Cropping3D", r#"{"cropping": [[1, 2], 3, "x"]}"#, "found the text `x`"),
    ("Cropping1D", r#"{"data_format": "channels_first"}"#, "`data_format` is not a known argument"),
    ("UpSampling2D", r#"{"size": 0}"#, "`size` must be 1 or more"),
    ("UpSampling2D", r#"{"interpolation": "cubic"}"#, "lanczos5 or area, got `cubic`"),
    ("UpSampling3D", r#"{"interpolation": "nearest"}"#, "`interpolation` is not a known argument"),
    ("Resizing", r#"{"height": 3}"#, "`width` is missing"),
    ("Resizing", r#"{"height": 0, "width": 2}"#, "`height` must be 1 or more, got 0"),
    (
        "Resizing",
        r#"{"height": 3, "width": 2, "crop_to_aspect_ratio": true, "pad_to_aspect_ratio": true}"#,
        "`pad_to_aspect_ratio` must be false where an image is cropped",
    ),
    ("Resizing", r#"{"height": 3, "width": 2, "fill_mode": "reflect"}"#, "`fill_mode` must be constant"),
    ("CenterCrop", r#"{"height": 3, "width": 0}"#, "`width` must be 1 or more"),
    ("SpatialDropout2D", r#"{"rate": 1.5}"#, "`rate` must be between 0 and 1"),
    ("Normalization", r#"{"mean": 1}"#, "`variance` must be given where `mean` is"),
    ("Normalization", r#"{"variance": 1}"#, "`mean` must be given where `variance` is"),
    ("Normalization", r#"{"mean": [1, 2], "variance": [1]}"#, "must have the same shape, got [2] and [1]"),
    ("Normalization", r#"{"mean": [1, 2], "variance": [1, -2]}"#, "finite and 0 or more, got -2"),
    ("Normalization", r#"{"mean": "nan", "variance": 1}"#, "`mean` must be finite"),
    ("Normalization", r#"{"mean": [[1], [2, 3]], "variance": 1}"#, "all of the same length"),
    ("RandomFlip", r#"{"mode": "both"}"#, "horizontal, vertical or horizontal_and_vertical, got `both`"),
    ("RandomTranslation", r#"{"height_factor": 1.5, "width_factor": 0}"#, "between -1 and 1, got 1.5"),
    (
        "RandomTranslation",
        r#"{"height_factor": [0, 1, 2], "width_factor": 0}"#,
        "a list of two, found a list of 3",
    ),
    ("RandomZoom", r#"{"height_factor": [-1, 0]}"#, "above -1 and up to 1, got -1"),
    ("RandomZoom", r#"{"height_factor": "nan"}"#, "`height_factor` must be above -1"),
    ("RandomRotation", r#"{"factor": 0.1, "interpolation": "bicubic"}"#, "bilinear or nearest"),
    ("RandomRotation", r#"{"factor": 0.1, "fill_mode": "mirror"}"#, "reflect, wrap, constant or nearest"),
    ("DepthwiseConv2D", r#"{"kernel_size": 3, "groups": 2}"#, "`groups` must be left out, or 1"),
    (
        "SeparableConv2D",
        r#"{"filters": 2, "kernel_size": 3, "kernel_initializer": "he_normal"}"#,
        "`kernel_initializer` must be left out; there are depthwise_… and pointwise_initializer",
    ),
    ("Embedding", r#"{"input_dim": 0, "output_dim": 3}"#, "`input_dim` must be 1 or more"),
    ("Embedding", r#"{"input_dim": 3, "output_dim": 3, "mask_zero": true}"#, "`mask_zero` must be false"),
    ("Embedding", r#"{"input_dim": 3, "output_dim": 3, "lora_rank": 2}"#, "`lora_rank` must be left out"),
];

#[test]
fn settings_that_cannot_be_are_refused() {
    for (class, settings, says) in REFUSED {
        let config = Config::from_json(&serde_json::from_str(settings).unwrap()).unwrap();
        let error = from_config(class, &config).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(says) && error.starts_with(class), "{class} {settings}: {error}");
    }
}

fn fails(layer: impl Layer, input: &[usize], says: &[&str]) {
    let error = layer.output_shapes(&[Shape::from(input)]).unwrap_err().to_string();
    for part in says {
        assert!(error.contains(part), "{error}\nshould say: {part}");
    }
}

#[test]
fn shapes_that_do_not_fit_are_named_with_a_remedy() {
    fails(ZeroPadding2D::new(1), &[4, 5], &["(batch, height, width, channels)", "channel axis of 1"]);
    fails(ZeroPadding2D::new(usize::MAX), &[4, 5, 1], &["larger than any memory"]);
    fails(ZeroPadding1D::new((usize::MAX, usize::MAX)), &[4, 5], &["larger than any memory"]);
    fails(Cropping2D::new((0, 2)), &[4, 4, 1], &["takes 4 of the 4 numbers", "make `cropping` smaller"]);
    fails(Cropping1D::new(usize::MAX), &[4, 1], &["leaves none"]);
    fails(UpSampling2D::new(usize::MAX), &[4, 4, 1], &["larger than any memory"]);
    let smooth = UpSampling2D::new(1 << 30).interpolation(Interpolation::Bilinear);
    fails(smooth, &[4, 4, 1], &["up to 1048576 pixels", "got 4294967296"]);
    fails(Resizing::new(1 << 40, 2), &[4, 4, 1], &["up to 1048576 pixels"]);
    fails(Resizing::new(2, 2), &[4, 0, 1], &["one pixel or more", "(None, 4, 0, 1)"]);
    fails(Resizing::new(2, 2), &[4, 4], &["Resizing expects inputs of shape"]);
    fails(CenterCrop::new(0, 2), &[4, 4, 1], &["1 or more, got 0 and 2"]);
    fails(SpatialDropout1D::new(0.5), &[4], &["(batch, length, channels)"]);
    fails(Normalization::new().axis(0), &[4], &["axis 0 is the batch"]);
    fails(Normalization::new().axes([1, 1]), &[4, 2], &["names axis 1 of (None, 4, 2) twice"]);
    let wide = Normalization::new().moments([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]);
    fails(wide, &[2], &["`mean` has the shape [3], and the axes that are kept [2]"]);
    let far = Normalization::new().axes([1, 2]).moments([1.0, 2.0], [1.0, 1.0]);
    fails(far, &[1 << 40, 2], &["name fewer axes"]);
    assert!(Normalization::new().axis(1).moments(1.0, 1.0).output_shapes(&[[1 << 40].into()]).is_ok());
    fails(Rescaling::new([1.0, 2.0]), &[5, 3], &["`scale` has 2 numbers", "(None, 5, 3) 3"]);
    fails(RandomFlip::new(Flip::Vertical), &[4, 4], &["RandomFlip expects inputs of shape"]);
    fails(RandomZoom::new(0.1), &[4], &["RandomZoom expects inputs of shape"]);
    fails(Embedding::new(4, 0), &[4], &["`output_dim` must be 1 or more"]);
    let error = Normalization::new().axis(3).adapted(&[1.0, 2.0], 2).unwrap_err().to_string();
    assert!(error.starts_with("Normalization: `axis` must be 1"), "{error}");
}

#[test]
fn edges_of_any_size_are_refused_before_they_are_made() {
    // One row of very many pixels, brought to a square with edges.
    let tall = Sequential::new([1, 1 << 20, 1]).add(Resizing::new(1 << 20, 1).pad_to_aspect_ratio(true));
    let error = Model::from(tall).lower(&Purpose::inference()).unwrap_err().to_string();
    assert!(error.contains("pixels along an axis"), "{error}");
}

#[test]
fn shapes_that_fit() {
    let shape = |layer: &dyn Layer, dims: &[usize]| {
        layer.output_shapes(&[dims.into()]).unwrap().remove(0).dims().to_vec()
    };
    assert_eq!(shape(&ZeroPadding1D::new((1, 2)), &[4, 3]), [7, 3]);
    assert_eq!(shape(&ZeroPadding3D::new(1).data_format(FIRST), &[2, 3, 4, 5]), [2, 5, 6, 7]);
    assert_eq!(shape(&Cropping2D::new(((1, 0), (0, 2))).data_format(FIRST), &[2, 3, 4]), [2, 2, 2]);
    assert_eq!(shape(&UpSampling3D::new([1, 2, 3]), &[2, 3, 4, 5]), [2, 6, 12, 5]);
    assert_eq!(shape(&Resizing::new(7, 8).data_format(FIRST), &[2, 3, 4]), [2, 7, 8]);
    assert_eq!(shape(&CenterCrop::new(7, 8), &[3, 4, 1]), [7, 8, 1]);
    assert_eq!(shape(&Embedding::new(7, 8), &[]), [8]);
    assert_eq!(shape(&Embedding::new(7, 8), &[3, 4]), [3, 4, 8]);
    assert_eq!(shape(&Normalization::new().axes([]), &[]), [0; 0]);
}

#[test]
fn weights_stand_in_the_order_of_keras() {
    let model: Model = Sequential::new([2, 3]).add_as("l", Normalization::new()).into();
    let states = model.lower(&Purpose::inference()).unwrap().states;
    let named: Vec<String> = states.iter().map(|s| format!("{} {}", s.path, s.shape)).collect();
    assert_eq!(named, ["l/mean (None, 3)", "l/variance (None, 3)", "l/count (None,)"]);
    let known: Model = Sequential::new([2, 3]).add(Normalization::new().moments(0.5, 2.0)).into();
    assert!(known.lower(&Purpose::inference()).unwrap().states.is_empty());
    let table: Model = Sequential::new([2]).add_as("l", Embedding::new(4, 3)).into();
    assert_eq!(table.lower(&Purpose::inference()).unwrap().parameters[0].path, "l/embeddings");
}

/// Settings and shapes of all kinds: an error or a layer, never a panic, and never memory that there is not.
#[test]
fn nothing_panics() {
    const VALUES: &str = r#"[null, true, -1, 0, 1, 2, 3, 900000000000000000, 0.5, -0.25, 1e300, "nan", "inf", "x", "bilinear",
        "nearest", "wrap", "channels_first", [], [1], [1, 2], [2, 1, 3], [0.5, 1.5], [[1, 2], [3, 4]], [[1, 0], [0, 1], [2, 2]],
        [[1]], [[1, 2]], [-1, -2], [3, 1], {}]"#;
    let values = match Value::from_json(&serde_json::from_str(VALUES).unwrap()) {
        Value::List(values) => values,
        other => panic!("{other}"),
    };
    let shapes: [&[usize]; 10] = [
        &[],
        &[0],
        &[3],
        &[4, 5],
        &[4, 5, 1],
        &[1, 1, 2],
        &[0, 4, 2],
        &[1 << 40, 2, 3],
        &[2, 3, 4, 5],
        &[1 << 20, 1 << 20],
    ];
    let stream = steadygrad_kernels::random::Stream::new(1, steadygrad_kernels::random::Purpose::Other, "");
    let mut made = 0;
    for (i, layer) in with_settings().into_iter().enumerate() {
        for round in 0..150 {
            let pick = |j: u64, n: usize| stream.below(i as u64 * 1000 + round, j, n);
            let mut config = layer.config();
            let names: Vec<String> = config.iter().map(|(name, _)| name.to_string()).collect();
            for j in 0..1 + pick(0, 2) as u64 {
                config
                    .set(&names[pick(1 + 2 * j, names.len())], values[pick(2 + 2 * j, values.len())].clone());
            }
            let Ok(layer) = from_config(layer.class(), &config) else { continue };
            for shape in shapes {
                let model: Model = Sequential::new(shape).add(layer.layer.clone()).into();
                made += usize::from(model.lower(&Purpose::training(0, Vec::new())).is_ok());
            }
        }
    }
    assert!(made > 500, "{made}");
}
