//! Words of other libraries, and of daily life, with ours for them: what an error may suggest, never what is accepted.

/// The foreign word in small letters without `_`, and our words for it: the first that is known in its place counts.
const WORDS: &[(&str, &[&str])] = &[
    // initializers
    ("xavier", &["glorot_uniform"]),
    ("xavieruniform", &["glorot_uniform"]),
    ("xaviernormal", &["glorot_normal"]),
    ("glorot", &["glorot_uniform"]),
    ("kaiming", &["he_normal"]),
    ("kaiminguniform", &["he_uniform"]),
    ("kaimingnormal", &["he_normal"]),
    ("msra", &["he_normal"]),
    ("he", &["he_normal"]),
    ("lecun", &["lecun_normal"]),
    ("normal", &["random_normal"]),
    ("gaussian", &["random_normal", "gaussian_noise"]),
    ("randn", &["random_normal"]),
    ("uniform", &["random_uniform"]),
    ("truncnormal", &["truncated_normal"]),
    ("eye", &["identity"]),
    // layers and activations
    ("linear", &["dense"]),
    ("fc", &["dense"]),
    ("fullyconnected", &["dense"]),
    ("bn", &["batch_normalization"]),
    ("batchnorm", &["batch_normalization"]),
    ("batchnorm1d", &["batch_normalization"]),
    ("batchnorm2d", &["batch_normalization"]),
    ("batchnorm3d", &["batch_normalization"]),
    ("layernorm", &["layer_normalization"]),
    ("groupnorm", &["group_normalization"]),
    ("rmsnorm", &["rms_normalization"]),
    ("conv", &["conv2d"]),
    ("convolution", &["conv2d"]),
    ("convtranspose2d", &["conv2d_transpose"]),
    ("deconv2d", &["conv2d_transpose"]),
    ("deconvolution", &["conv2d_transpose"]),
    ("depthwiseconv", &["depthwise_conv2d"]),
    ("separableconv", &["separable_conv2d"]),
    ("maxpool", &["max_pooling2d"]),
    ("pool", &["max_pooling2d"]),
    ("avgpool", &["average_pooling2d"]),
    ("gap", &["global_average_pooling2d"]),
    ("globalavgpool", &["global_average_pooling2d"]),
    ("globalpool", &["global_average_pooling2d"]),
    ("adaptiveavgpool2d", &["adaptive_average_pooling2d"]),
    ("adaptivemaxpool2d", &["adaptive_max_pooling2d"]),
    ("upsample", &["up_sampling2d"]),
    ("pad", &["zero_padding2d"]),
    ("zeropad2d", &["zero_padding2d"]),
    ("dropout2d", &["spatial_dropout2d"]),
    ("resize", &["resizing"]),
    ("concat", &["concatenate"]),
    ("cat", &["concatenate"]),
    ("sum", &["add"]),
    ("view", &["reshape"]),
    ("lrelu", &["leaky_relu"]),
    ("leaky", &["leaky_relu"]),
    ("logistic", &["sigmoid"]),
    ("hardswish", &["hard_silu"]),
    ("none", &["linear"]),
    ("identity", &["linear"]),
    // optimizers, losses, metrics
    ("momentum", &["sgd"]),
    ("crossentropyloss", &["sparse_categorical_crossentropy"]),
    ("softmaxcrossentropy", &["sparse_categorical_crossentropy"]),
    ("nll", &["sparse_categorical_crossentropy"]),
    ("nllloss", &["sparse_categorical_crossentropy"]),
    ("logloss", &["binary_crossentropy"]),
    ("bce", &["binary_crossentropy"]),
    ("bceloss", &["binary_crossentropy"]),
    ("bcewithlogitsloss", &["binary_crossentropy"]),
    ("mseloss", &["mean_squared_error"]),
    ("l2loss", &["mean_squared_error"]),
    ("l1loss", &["mean_absolute_error"]),
    ("smoothl1loss", &["huber"]),
    ("rocauc", &["auc"]),
    ("auroc", &["auc"]),
    ("f1", &["f1_score"]),
    ("rmse", &["root_mean_squared_error"]),
    // arguments
    ("lr", &["learning_rate"]),
    ("wd", &["weight_decay"]),
    ("l2", &["weight_decay", "kernel_regularizer"]),
    ("eps", &["epsilon"]),
    ("alpha", &["negative_slope"]),
    ("slope", &["negative_slope"]),
    ("betas", &["beta_1"]),
    ("gradclip", &["clipnorm"]),
    ("maxgradnorm", &["clipnorm"]),
    ("outfeatures", &["units"]),
    ("neurons", &["units"]),
    ("outchannels", &["filters"]),
    ("features", &["filters", "units"]),
    ("kernel", &["kernel_size"]),
    ("kernelsize", &["pool_size"]),
    ("dilation", &["dilation_rate"]),
    ("numembeddings", &["input_dim"]),
    ("embeddingdim", &["output_dim"]),
    ("hiddensize", &["units"]),
    ("width", &["units"]),
    ("bias", &["use_bias"]),
    ("act", &["activation"]),
    ("nonlinearity", &["activation"]),
    ("init", &["kernel_initializer"]),
    ("initializer", &["kernel_initializer"]),
    ("kernelinit", &["kernel_initializer"]),
    ("weightinit", &["kernel_initializer"]),
    ("p", &["rate"]),
    ("dropout", &["rate"]),
    ("dim", &["axis"]),
    ("numepochs", &["epochs"]),
    ("nepochs", &["epochs"]),
    ("maxepochs", &["epochs"]),
    ("bs", &["batch_size"]),
    ("valsplit", &["validation_split"]),
    ("testsize", &["validation_split"]),
    ("optim", &["optimizer"]),
    ("criterion", &["loss"]),
    ("objective", &["loss"]),
    ("inputdim", &["input_shape"]),
    ("inputsize", &["input_shape"]),
    ("shape", &["input_shape", "target_shape"]),
    ("dataset", &["source"]),
    ("file", &["train"]),
    ("csv", &["train"]),
    ("label", &["target"]),
    ("labels", &["target"]),
    ("val", &["validation"]),
    ("valid", &["validation"]),
    ("test", &["validation"]),
    ("normalize", &["scale"]),
    ("times", &["repeat"]),
    ("earlystop", &["early_stopping"]),
    ("checkpoint", &["model_checkpoint"]),
    ("reducelr", &["reduce_lr_on_plateau"]),
];

/// Our word for a foreign one, if it is among those that are known in its place.
///
/// ```
/// use steadygrad_nn::foreign::ours;
/// assert_eq!(ours("xavier_uniform_", &["glorot_uniform", "zeros"]), Some("glorot_uniform"));
/// assert_eq!(ours("lr", &["learning_rate"]), Some("learning_rate"));
/// assert_eq!(ours("lr", &["units"]), None);
/// ```
pub fn ours<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain: String =
        word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect();
    let (_, words) = WORDS.iter().find(|(foreign, _)| *foreign == plain)?;
    words.iter().find_map(|word| known.iter().copied().find(|known| known == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain_and_stand_there_once() {
        for (i, (word, _)) in WORDS.iter().enumerate() {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{word}");
            assert!(WORDS[..i].iter().all(|(other, _)| other != word), "{word}");
        }
    }
}
