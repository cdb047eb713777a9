//! Laws of the family: settings make a layer that has these settings, every name is found, every file is in the
//! catalog, and what does not fit is said.

use super::*;
use crate::activations::Tanh;
use crate::config::Value;
use crate::constraints::NonNeg;
use crate::initializers::{Constant, HeNormal};
use crate::model::Purpose;
use crate::regularizers::{L1L2, L2};
use crate::{Model, Sequential, Shape};
use steadygrad_kernels::Kind;

/// Values for settings that a layer cannot do without, by name.
const NEEDED: &str = r#"{"activation": "elu", "units": 4, "filters": 6, "kernel_size": 3, "rate": 0.5, "stddev": 0.2, "shape": [3, 4],
    "dims": [2, 1], "n": 3, "scale": 0.5, "target_shape": [3, -1], "pool_size": 2, "output_size": 3, "height": 4, "width": 5,
    "factor": 0.1, "height_factor": 0.2, "width_factor": [0.1, 0.3], "input_dim": 5, "output_dim": 3}"#;

/// The layer of this entry with as few settings as it can do with.
fn plain(entry: &Entry<dyn Layer>) -> Arc<dyn Layer> {
    let needed = Config::from_json(&serde_json::from_str(NEEDED).unwrap()).unwrap();
    let mut config = Config::new();
    loop {
        let error = match (entry.build)(&mut Args::new(entry.class, &config)) {
            Ok(layer) => return layer,
            Err(error) => error,
        };
        // "`units` is missing"
        let name = error.what().split('`').nth(1).unwrap_or_else(|| panic!("{error}"));
        let value = needed.get(name).filter(|_| config.get(name).is_none());
        config.set(name, value.unwrap_or_else(|| panic!("{error}: give an example of it in NEEDED")).clone());
    }
}

/// Every layer of the catalog with few settings, and some with many.
fn all() -> Vec<Arc<dyn Layer>> {
    CATALOG.iter().map(plain).chain(with_settings()).collect()
}

fn with_settings() -> Vec<Arc<dyn Layer>> {
    let clipping = RenormClipping { rmax: Some(3.0), rmin: None, dmax: Some(5.0) };
    vec![
        Arc::new(AlphaDropout::new(0.1).noise_shape([None, Some(1)]).seed(4)),
        Arc::new(
            BatchNormalization::new()
                .axis(1)
                .momentum(0.9)
                .epsilon(1e-5)
                .center(false)
                .scale(false)
                .gamma_initializer(HeNormal)
                .beta_initializer(Constant::new(0.5))
                .gamma_regularizer(L2::new(0.1))
                .beta_regularizer(L1L2::new(0.1, 0.2))
                .gamma_constraint(NonNeg)
                .beta_constraint(NonNeg)
                .moving_mean_initializer(Constant::new(1.0))
                .moving_variance_initializer(Constant::new(2.0))
                .renorm(true)
                .renorm_clipping(clipping)
                .renorm_momentum(0.8),
        ),
        Arc::new(Concatenate::new().axis(1)),
        Arc::new(
            Dense::new(4)
                .activation(Tanh)
                .use_bias(false)
                .kernel_initializer(HeNormal)
                .bias_initializer(Constant::new(0.1))
                .kernel_regularizer(L2::new(0.1))
                .bias_regularizer(L2::new(0.2))
                .kernel_constraint(NonNeg)
                .bias_constraint(NonNeg),
        ),
        Arc::new(
            Conv2D::new(4, [3, 2])
                .strides([1, 2])
                .padding(Padding::Same)
                .data_format(DataFormat::ChannelsFirst)
                .groups(2)
                .activation(Tanh)
                .use_bias(false)
                .kernel_initializer(HeNormal)
                .bias_initializer(Constant::new(0.1))
                .kernel_regularizer(L2::new(0.1))
                .bias_regularizer(L2::new(0.2))
                .kernel_constraint(NonNeg)
                .bias_constraint(NonNeg),
        ),
        Arc::new(Conv1D::new(2, 3).padding(Padding::Causal).dilation_rate(2)),
        Arc::new(Conv2DTranspose::new(2, 3).strides(3).output_padding([1, 2])),
        Arc::new(DepthwiseConv2D::new(3).depth_multiplier(2).depthwise_initializer(HeNormal)),
        Arc::new(SeparableConv2D::new(3, 2).pointwise_regularizer(L2::new(0.3)).depthwise_constraint(NonNeg)),
        Arc::new(Dropout::new(0.5).noise_shape([Some(1), None]).seed(7)),
        Arc::new(Flatten.channels_first()),
        Arc::new(GaussianDropout::new(0.2).seed(1)),
        Arc::new(
            GroupNormalization::new(2)
                .axis(1)
                .epsilon(1e-5)
                .center(false)
                .scale(false)
                .gamma_initializer(HeNormal)
                .beta_initializer(HeNormal)
                .gamma_regularizer(L2::new(0.1))
                .beta_regularizer(L2::new(0.1))
                .gamma_constraint(NonNeg)
                .beta_constraint(NonNeg),
        ),
        Arc::new(
            LayerNormalization::new()
                .axes([1, 2])
                .epsilon(1e-5)
                .center(false)
                .scale(false)
                .gamma_initializer(HeNormal)
                .beta_initializer(HeNormal)
                .gamma_regularizer(L2::new(0.1))
                .beta_regularizer(L2::new(0.1))
                .gamma_constraint(NonNeg)
                .beta_constraint(NonNeg),
        ),
        Arc::new(MaxPooling1D::new(3).strides(2)),
        Arc::new(
            MaxPooling2D::new((2, 3))
                .strides(1)
                .padding(Padding::Same)
                .data_format(DataFormat::ChannelsFirst),
        ),
        Arc::new(AveragePooling3D::new([1, 2, 3]).strides([3, 2, 1]).padding(Padding::Same)),
        Arc::new(GlobalMaxPooling1D::new().keepdims(true)),
        Arc::new(GlobalAveragePooling3D::new().keepdims(true).data_format(DataFormat::ChannelsFirst)),
        Arc::new(AdaptiveMaxPooling1D::new(4)),
        Arc::new(AdaptiveAveragePooling2D::new((2, 5)).data_format(DataFormat::ChannelsFirst)),
        Arc::new(Rescaling::new(0.5).offset(-1.0)),
        Arc::new(RMSNormalization::new().axes([1, 2]).epsilon(0.1)),
        Arc::new(UnitNormalization::new().axes([1, 2])),
    ]
}

#[test]
fn settings_make_a_layer_that_has_them() {
    let layers = all();
    for layer in &layers {
        let config = layer.config();
        let json = Config::from_json(&config.to_json()).unwrap();
        let made = from_config(layer.class(), &json).unwrap_or_else(|e| panic!("{layer:?}: {e}"));
        assert_eq!(made.layer.config(), config, "{layer:?}");
        assert_eq!(format!("{:?}", made.layer), format!("{layer:?}"));
        assert!(made.trainable && made.name.is_none());
    }
}

#[test]
fn every_name_is_found_and_names_one() {
    let mut seen = Vec::new();
    for entry in CATALOG {
        let snake = crate::names::snake_case(entry.class);
        assert!(entry.names.contains(&snake.as_str()), "{}: `{snake}` is missing", entry.class);
        for name in std::iter::once(entry.class).chain(entry.names.iter().copied()) {
            assert_eq!(catalog::find("layer", CATALOG, name).unwrap().class, entry.class);
            assert!(!seen.contains(&name), "`{name}` stands for two layers");
            seen.push(name);
        }
    }
    let error = catalog::find("layer", CATALOG, "LayerNormalisation").unwrap_err().to_string();
    assert!(error.contains("did you mean `layer_normalization`?"), "{error}");
}

#[test]
fn every_file_is_in_the_catalog() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/layers");
    let family = std::fs::read_to_string(folder.join("mod.rs")).unwrap();
    let (_, catalog) = family.split_once("pub const CATALOG").unwrap();
    let (catalog, _) = catalog.split_once("];").unwrap();
    // What is commented out is not in it.
    let entries: Vec<&str> =
        catalog.lines().map(|line| line.split("//").next().unwrap_or_default().trim()).collect();
    let mut members = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        if ["mod", "tests", "tests_images", "tests_refused"].contains(&stem.as_str())
            || !text.contains(" Layer for ")
        {
            continue;
        }
        // A trait, a wrapper of any layer: no members of their own.
        if ["layer", "activity"].contains(&stem.as_str()) {
            continue;
        }
        members += 1;
        let found = entries.iter().any(|entry| entry.starts_with(&format!("{stem}::")));
        assert!(found, "{stem}.rs is not in the catalog");
    }
    assert!(members > 20);
}

#[test]
fn what_every_layer_may_have() {
    let config = Config::new()
        .with("units", 3)
        .with("name", "head")
        .with("trainable", false)
        .with("dtype", "float32")
        .with("activity_regularizer", "l2");
    let made = from_config("dense", &config).unwrap();
    assert_eq!((made.name.as_deref(), made.trainable), (Some("head"), false));
    let again = from_config("Dense", &made.layer.config()).unwrap();
    assert_eq!(again.layer.config(), made.layer.config());
    assert!(made.layer.config().get("activity_regularizer").is_some());
}

fn fails(layer: impl Layer, inputs: &[&[usize]], says: &[&str]) {
    let shapes: Vec<Shape> = inputs.iter().map(|&dims| Shape::from(dims)).collect();
    let error = layer.output_shapes(&shapes).unwrap_err().to_string();
    for part in says {
        assert!(error.contains(part), "{error}\nshould say: {part}");
    }
}

#[test]
fn shapes_that_do_not_fit_are_named_with_a_remedy() {
    fails(LayerNormalization::new(), &[&[]], &["got (None,)", "feature axis"]);
    fails(
        LayerNormalization::new().axis(3),
        &[&[4, 5]],
        &["`axis` must be 1 to 2", "(None, 4, 5)", "got 3", "axis 0 is the batch"],
    );
    fails(LayerNormalization::new().axis(0), &[&[4, 5]], &["got 0", "-1 is the last axis"]);
    fails(LayerNormalization::new().axes([1, -2]), &[&[4, 5]], &["names axis 1 of (None, 4, 5) twice"]);
    fails(LayerNormalization::new().axes([]), &[&[4]], &["names no axis"]);
    fails(RMSNormalization::new().axis(-3), &[&[4, 5]], &["got -3"]);
    fails(UnitNormalization::new().axis(2), &[&[4]], &["`axis` must be 1,", "got 2"]);
    fails(GroupNormalization::new(4), &[&[2, 6]], &["divide the 6 channels of axis 2", "1, 2, 3, 6"]);
    fails(BatchNormalization::new(), &[&[]], &["got (None,)"]);
    fails(BatchNormalization::new().axis(0), &[&[4]], &["`axis` must be 1,"]);
    fails(BatchNormalization::new(), &[&[5, 3], &[4]], &["must be of shape (None, 5), got (None, 4)"]);
    fails(BatchNormalization::new().axis(1), &[&[5, 3], &[5]], &["last axis", "Permute"]);
    fails(BatchNormalization::new(), &[&[3], &[], &[]], &["got 3 inputs"]);
    fails(Reshape::new([5, -1]), &[&[3, 4]], &["12 numbers", "(None, 3, 4)", "[5, -1]", "multiply to 12"]);
    fails(Reshape::new([i64::MAX, 4]), &[&[3, 4]], &["do not fit"]);
    fails(RepeatVector::new(2), &[&[3, 4]], &["(batch, features), got (None, 3, 4)", "Flatten"]);
    fails(Permute::new([1, 1]), &[&[3, 4]], &["from 1 to 2, got [1, 1]", "axis 0 is the batch"]);
    fails(Dropout::new(2.0), &[&[3]], &["between 0 and 1, got 2"]);
    let shared = |axes: &[Option<usize>]| Dropout::new(0.5).noise_shape(axes.to_vec());
    fails(shared(&[None]), &[&[3]], &["expected 2 entries, got 1", "batch first"]);
    fails(shared(&[None, Some(2)]), &[&[3]], &["[null,2]", "axis 1 must be 3, 1 or null, got 2"]);
    fails(shared(&[Some(0), None]), &[&[3]], &["1 or more, got 0"]);
    fails(
        Conv2D::new(2, 3),
        &[&[28, 28]],
        &["(batch, height, width, channels), got (None, 28, 28)", "channel axis of 1"],
    );
    fails(
        Conv1D::new(2, 3).data_format(DataFormat::ChannelsFirst),
        &[&[1, 2, 3]],
        &["(batch, channels, length)"],
    );
    fails(Conv2D::new(2, 5), &[&[4, 9, 1]], &["`kernel_size` reaches over 5", "has 4 only", "same"]);
    fails(Conv2D::new(2, 3).groups(2), &[&[4, 4, 3]], &["divide the 3 channels", "the 2 filters, got 2"]);
    fails(
        Conv2D::new(2, 3).dilation_rate(1 << 50).padding(Padding::Same),
        &[&[4, 4, 3]],
        &["larger than any memory"],
    );
    fails(
        Conv2DTranspose::new(2, 3).output_padding(1),
        &[&[4, 4, 3]],
        &["below the stride", "got 1", "ZeroPadding"],
    );
    let less = Conv2DTranspose::new(2, 2).strides(2).padding(Padding::Same).output_padding(0);
    fails(less, &[&[4, 4, 3]], &["an axis of 4 would become one of 6", "back to 3"]);
    fails(Identity, &[&[3], &[3]], &["takes one input, got 2"]);
    fails(MaxPooling2D::new(3), &[&[2, 5, 1]], &["`pool_size` reaches over 3", "has 2 only", "\"same\""]);
    fails(
        MaxPooling2D::new(2),
        &[&[28, 28]],
        &["MaxPooling2D expects", "(None, 28, 28)", "channel axis of 1"],
    );
    fails(MaxPooling1D::new(2).strides(0), &[&[4, 1]], &["`strides` must be 1 or more, got [0]"]);
    fails(AveragePooling1D::new(0), &[&[4, 1]], &["`pool_size` must be 1 or more, got [0]"]);
    fails(MaxPooling1D::new(2).padding(Padding::Causal), &[&[4, 1]], &["valid or same", "pad in front"]);
    fails(GlobalAveragePooling2D::new(), &[&[4, 4]], &["GlobalAveragePooling2D expects"]);
    fails(AdaptiveMaxPooling3D::new(0), &[&[4, 4, 4, 1]], &["`output_size` must be 1 or more"]);
}

#[test]
fn shapes_that_fit() {
    let shape = |layer: &dyn Layer, dims: &[usize]| layer.output_shapes(&[dims.into()]).unwrap().remove(0);
    assert_eq!(shape(&Reshape::new([3, -1]), &[12]).dims(), [3, 4]);
    assert_eq!(shape(&Reshape::new([-1]), &[]).dims(), [1]);
    assert_eq!(shape(&Reshape::new([]), &[1]).dims(), [0; 0]);
    assert_eq!(shape(&RepeatVector::new(3), &[4]).dims(), [3, 4]);
    assert_eq!(shape(&MaxPooling2D::default(), &[7, 9, 3]).dims(), [3, 4, 3]);
    assert_eq!(shape(&MaxPooling2D::new(1000).padding(Padding::Same), &[7, 9, 3]).dims(), [1, 1, 3]);
    assert_eq!(shape(&AveragePooling1D::new(3).strides(2).padding(Padding::Same), &[8, 3]).dims(), [4, 3]);
    let first = MaxPooling3D::new([1, 2, 3]).data_format(DataFormat::ChannelsFirst);
    assert_eq!(shape(&first, &[4, 5, 6, 7]).dims(), [4, 5, 3, 2]);
    assert_eq!(shape(&GlobalMaxPooling3D::new(), &[4, 5, 6, 7]).dims(), [7]);
    assert_eq!(shape(&GlobalMaxPooling1D::new().keepdims(true), &[4, 5]).dims(), [1, 5]);
    assert_eq!(shape(&AdaptiveMaxPooling2D::new((9, 1)), &[4, 5, 6]).dims(), [9, 1, 6]);
    assert_eq!(shape(&GroupNormalization::new(-1).axis(-2), &[4, 5]).dims(), [4, 5]);
}

#[test]
fn too_many_axes_are_refused_when_a_model_is_lowered() {
    let model: Model = Sequential::new([1; 8]).add(Permute::new([1, 2, 3, 4, 5, 6, 8, 7])).into();
    let error = model.lower(&Purpose::inference()).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().contains("7 axes and the batch at most"), "{error}");
}

#[test]
fn weights_stand_in_the_order_of_keras() {
    let paths = |layer: Arc<dyn Layer>| -> Vec<String> {
        let model: Model = Sequential::new([2, 6]).add_as("l", layer).into();
        let recipe = model.lower(&Purpose::training(0, Vec::new())).unwrap();
        let parameters = recipe.parameters.iter().map(|p| format!("{} {}", p.path, p.shape));
        parameters.chain(recipe.states.iter().map(|s| s.path.clone())).collect()
    };
    assert_eq!(
        paths(Arc::new(LayerNormalization::new().axes([2, 1]))),
        ["l/gamma (None, 2, 6)", "l/beta (None, 2, 6)"]
    );
    assert_eq!(paths(Arc::new(LayerNormalization::new().center(false))), ["l/gamma (None, 6)"]);
    assert_eq!(paths(Arc::new(RMSNormalization::new().axis(1))), ["l/scale (None, 2)"]);
    let paths_of = |layer: Arc<dyn Layer>| -> Vec<String> {
        let model: Model = Sequential::new([6, 6, 4]).add_as("l", layer).into();
        let recipe = model.lower(&Purpose::inference()).unwrap();
        recipe.parameters.iter().map(|p| format!("{} {}", p.path, p.shape)).collect()
    };
    assert_eq!(
        paths_of(Arc::new(Conv2D::new(6, [3, 2]).groups(2))),
        ["l/kernel (None, 3, 2, 2, 6)", "l/bias (None, 6)"]
    );
    assert_eq!(
        paths_of(Arc::new(SeparableConv2D::new(6, 3).depth_multiplier(2))),
        [
            "l/depthwise_kernel (None, 3, 3, 4, 2)",
            "l/pointwise_kernel (None, 1, 1, 8, 6)",
            "l/bias (None, 6)"
        ]
    );
    assert_eq!(
        paths_of(Arc::new(Conv2DTranspose::new(5, 3).use_bias(false))),
        ["l/kernel (None, 3, 3, 5, 4)"]
    );
    assert_eq!(paths(Arc::new(GroupNormalization::new(3))), ["l/gamma (None, 6)", "l/beta (None, 6)"]);
    assert_eq!(
        paths(Arc::new(BatchNormalization::new().renorm(true).scale(false)))[1..],
        ["l/moving_mean", "l/moving_variance", "l/moving_stddev", "l/renorm_mean", "l/renorm_stddev"]
    );
    assert!(paths(Arc::new(Dropout::new(0.5))).is_empty());
}

#[test]
fn what_does_nothing_takes_no_step() {
    let steps = |layer: Arc<dyn Layer>, purpose: &Purpose| {
        Model::from(Sequential::new([6]).add(layer)).lower(purpose).unwrap().forward.len()
    };
    let train = Purpose::training(0, Vec::new());
    for layer in
        [Arc::new(Dropout::new(0.0)) as Arc<dyn Layer>, Arc::new(Identity), Arc::new(Reshape::new([2, 3]))]
    {
        assert_eq!(steps(layer, &train), 0);
    }
    assert_eq!(steps(Arc::new(Dropout::new(0.5)), &train), 1);
    assert_eq!(steps(Arc::new(Dropout::new(0.5)), &Purpose::inference()), 0);
    let bare = LayerNormalization::new().scale(false).center(false);
    assert_eq!(steps(Arc::new(bare), &train), 1);
}

#[test]
fn axes_are_written_as_keras_does() {
    assert_eq!(LayerNormalization::new().config().get("axis"), Some(&Value::Int(-1)));
    assert_eq!(LayerNormalization::new().axes([1, 2]).config().get("axis"), Some(&vec![1_i64, 2].into()));
}

#[test]
fn bins_of_one_number_take_no_step() {
    let steps = |layer: AdaptiveMaxPooling2D| {
        Model::from(Sequential::new([4, 6, 2]).add(layer)).lower(&Purpose::inference()).unwrap().forward.len()
    };
    assert_eq!(steps(AdaptiveMaxPooling2D::new((4, 6))), 0);
    assert_eq!(steps(AdaptiveMaxPooling2D::new((4, 3))), 1);
    assert_eq!(steps(AdaptiveMaxPooling2D::new(3)), 2);
}
