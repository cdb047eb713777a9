//! Settings that cannot be are refused, and the error says what would do.

use super::*;

/// (class, settings as JSON, what the error says)
const REFUSED: &[(&str, &str, &str)] = &[
    ("Dropout", r#"{"rate": 1.5}"#, "`rate` must be between 0 and 1, got 1.5"),
    ("Dropout", r#"{"rate": "nan"}"#, "`rate` must be between 0 and 1"),
    ("Dropout", r#"{}"#, "`rate` is missing"),
    ("Dropout", r#"{"rate": 0.5, "noise_shape": [-1]}"#, "`noise_shape`"),
    ("AlphaDropout", r#"{"rate": -0.1}"#, "`rate` must be between 0 and 1, got -0.1"),
    ("GaussianDropout", r#"{"rate": 1}"#, "below 1"),
    ("GaussianNoise", r#"{"stddev": -1}"#, "`stddev` must be 0 or more, got -1"),
    ("ActivityRegularization", r#"{"l1": -1}"#, "`l1` must be 0 or more"),
    ("LayerNormalization", r#"{"epsilon": -1}"#, "`epsilon` must be 0 or more"),
    ("LayerNormalization", r#"{"rms_scaling": true}"#, "use RMSNormalization"),
    ("RMSNormalization", r#"{"center": true}"#, "`center` is not a known argument"),
    ("GroupNormalization", r#"{"groups": 0}"#, "`groups` must be 1 or more, or -1"),
    ("BatchNormalization", r#"{"momentum": 1.5}"#, "`momentum` must be between 0 and 1"),
    ("BatchNormalization", r#"{"renorm_clipping": {"rmx": 3}}"#, "did you mean `rmax`?"),
    ("Reshape", r#"{"target_shape": [-1, -1]}"#, "may leave one axis open"),
    ("Reshape", r#"{"target_shape": [0, 3]}"#, "sizes of 1 or more"),
    ("RepeatVector", r#"{"n": 0}"#, "`n` must be 1 or more"),
    ("Rescaling", r#"{"scale": [[1, 2]]}"#, "expected a number, found a list of 2"),
    ("Dense", r#"{"units": 0}"#, "`units` must be 1 or more"),
    ("Conv2D", r#"{"filters": 0, "kernel_size": 3}"#, "`filters` must be 1 or more, got 0"),
    ("Conv2D", r#"{"filters": 2, "kernel_size": [3, 3, 3]}"#, "or a list of 2, found a list of 3"),
    ("Conv2D", r#"{"filters": 2, "kernel_size": [3, 0]}"#, "`kernel_size` must be 1 or more, got 0"),
    (
        "Conv2D",
        r#"{"filters": 2, "kernel_size": 3, "padding": 1}"#,
        "must be valid or same, got the number 1",
    ),
    ("Conv2D", r#"{"filters": 2, "kernel_size": 3, "padding": "full"}"#, "valid or same, got `full`"),
    ("Conv2D", r#"{"filters": 2, "kernel_size": 3, "padding": "causal"}"#, "causal is for Conv1D"),
    (
        "Conv2D",
        r#"{"filters": 2, "kernel_size": 3, "data_format": "nchw"}"#,
        "channels_last or channels_first",
    ),
    ("Conv2D", r#"{"filters": 4, "kernel_size": 3, "groups": 3}"#, "a divisor of the 4 filters, got 3"),
    (
        "Conv2D",
        r#"{"filters": 4, "kernel_size": 3, "strides": 2, "dilation_rate": 2}"#,
        "cannot both be above 1",
    ),
    ("Conv2D", r#"{"filters": 4, "kernel_size": 3, "stride": 2}"#, "did you mean `strides`?"),
    (
        "DepthwiseConv2D",
        r#"{"kernel_size": 3, "depth_multiplier": 0}"#,
        "`depth_multiplier` must be 1 or more",
    ),
    ("MaxPooling2D", r#"{"pool_size": 0}"#, "`pool_size` must be 1 or more, got 0"),
    ("MaxPooling2D", r#"{"pool_size": [2, 2, 2]}"#, "a whole number or a list of 2, found a list of 3"),
    ("MaxPooling1D", r#"{"strides": [0]}"#, "`strides` must be 1 or more, got 0"),
    ("MaxPooling2D", r#"{"padding": "causal"}"#, "`padding` must be valid or same"),
    ("MaxPooling3D", r#"{"data_format": "NCHW"}"#, "`data_format` must be channels_last or channels_first"),
    ("AveragePooling1D", r#"{}"#, "`pool_size` is missing"),
    ("GlobalMaxPooling2D", r#"{"keepdims": 1}"#, "expected true or false"),
    ("AdaptiveMaxPooling2D", r#"{"output_size": [3, 0]}"#, "`output_size` must be 1 or more"),
];

#[test]
fn settings_that_cannot_be_are_refused() {
    for (class, settings, says) in REFUSED {
        let config = Config::from_json(&serde_json::from_str(settings).unwrap()).unwrap();
        let error = from_config(class, &config).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(says) && error.starts_with(class), "{class} {settings}: {error}");
    }
}
