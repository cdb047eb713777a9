//! `[data]` and the files that it names.

use super::*;

/// The bytes of an IDX file.
fn idx(axes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, axes.len() as u8];
    axes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap()
}

#[test]
fn mistakes_in_data() {
    const CSV: &str = "train = \"a.csv\"\ntarget = \"label\"";
    let csv = |name, content: &str, words| case(name, data(CSV), words).file("a.csv", content);
    let mnist = |name, words| case(name, data("source = \"mnist\"\npath = \"m\""), words);
    const IMAGES: &str = "m/train-images-idx3-ubyte";
    const LABELS: &str = "m/train-labels-idx1-ubyte";
    let mut truncated = gzip(&idx(&[2, 2, 2], &[0; 8]));
    truncated.truncate(truncated.len() - 6);
    check(vec![
        case("data: none", data(""), &["[data]", "neither `source` nor `train`"]),
        case(
            "data: unknown source",
            data("source = \"digit\""),
            &["[data], `source`", "did you mean `digits`?"],
        ),
        case(
            "data: both",
            data("source = \"digits\"\ntrain = \"a.csv\""),
            &["`source` and `train` are both given"],
        ),
        case(
            "data: a misspelt key",
            data("source = \"digits\"\nscal = \"unit\""),
            &["e.toml, line 17, [data]", "did you mean `scale`?"],
        ),
        case(
            "data: unknown scale",
            data("source = \"digits\"\nscale = \"norm\""),
            &["[data], `scale`", "unit"],
        ),
        case(
            "data: an option it does not take",
            data("source = \"digits\"\nnoise = 0.1"),
            &["digits", "`noise`"],
        ),
        case(
            "data: channels = 3",
            data("source = \"digits\"\nchannels = 3"),
            &["digits", "expected images of 3 channels", "these images are grey: channels = 1"],
        ),
        case(
            "data: too many samples",
            data("source = \"digits\"\nsamples = 100000"),
            &["samples from 1 to 1437"],
        ),
        case("data: no samples", data("source = \"circles\"\nsamples = 0"), &["samples from 1"]),
        case("data: negative noise", data("source = \"circles\"\nnoise = -1.0"), &["noise of 0 or more"]),
        case(
            "data: one_hot",
            data("source = \"circles\"\none_hot = 1000000000000"),
            &["`one_hot`", "number of classes"],
        ),
        case(
            "data: mnist without files",
            data("source = \"mnist\""),
            &["`mnist`", "steadygrad fetch mnist", "`path`"],
        ),
        case(
            "data: a folder that is not there",
            data("source = \"mnist\"\npath = \"nowhere\""),
            &["nowhere", "folder"],
        ),
        case("csv: no file", data("train = \"b.csv\""), &["[data], b.csv"]),
        csv(
            "csv: a missing column",
            "x,y,lable\n1,2,0\n",
            &["[data], a.csv", "`label`", "did you mean `lable`?"],
        ),
        csv("csv: ragged rows", "x,y,label\n1,2,0\n1,0\n", &["a.csv, line 3", "expected 3 cells", "got 2"]),
        csv(
            "csv: text in a feature",
            "x,y,label\n1,two,0\n",
            &["a.csv, line 2, column 2 (`y`)", "expected a number, got `two`"],
        ),
        csv("csv: NaN", "x,y,label\n1,2,0\n1,NaN,1\n", &["a.csv, line 3, column 2 (`y`)", "finite"]),
        csv(
            "csv: an empty cell",
            "x,y,label\n1,,0\n",
            &["a.csv, line 2, column 2 (`y`)", "the cell is empty"],
        ),
        csv("csv: an empty file", "", &["a.csv", "the file is empty"]),
        csv("csv: names and no sample", "x,y,label\n", &["a.csv", "no sample"]),
        csv("csv: a label too large", "x,y,label\n1,2,0\n1,2,5\n", &["label", "5"]),
        csv("csv: a negative label", "x,y,label\n1,2,0\n1,2,-1\n", &["label", "-1"]),
        csv("csv: a label that is no whole number", "x,y,label\n1,2,0\n1,2,0.5\n", &["label", "0.5"]),
        csv("csv: labels of two kinds", "x,y,label\n1,2,0\n1,2,cat\n1,2,1\n", &["a.csv", "line 3", "`cat`"]),
        csv("csv: one column", "label\n1\n", &["a.csv", "no column with features"]),
        csv("csv: names twice", "x,x,label\n1,2,0\n", &["a.csv, line 1", "same name `x`"]),
        case(
            "csv: validation with another column",
            data(&format!("{CSV}\nvalidation = \"b.csv\"")),
            &["[data], validation, b.csv", "`y`"],
        )
        .file("a.csv", "x,y,label\n1,2,0\n1,2,1\n")
        .file("b.csv", "x,z,label\n1,2,0\n"),
        case(
            "csv: a class not seen in training",
            data(&format!("{CSV}\nvalidation = \"b.csv\"")),
            &["[data], validation, b.csv", "line 2", "`bird`"],
        )
        .file("a.csv", "x,y,label\n1,2,cat\n1,2,dog\n")
        .file("b.csv", "x,y,label\n1,2,bird\n"),
        case(
            "csv: validation and validation_split",
            data(&format!("{CSV}\nvalidation = \"b.csv\"\nvalidation_split = 0.5")),
            &["`validation_split`", "`validation`"],
        )
        .file("a.csv", "x,y,label\n1,2,0\n1,2,1\n")
        .file("b.csv", "x,y,label\n1,2,0\n"),
        case(
            "data: a split here and in fit",
            with(&data("source = \"circles\"\nvalidation_split = 0.25"), "fit", "validation_split = 0.5"),
            &["[data]", "`validation_split` is given here, 0.25, and in [fit], 0.5", "leave one"],
        ),
        case(
            "data: one sample, and a part of it for validation",
            data("source = \"circles\"\nsamples = 1\nvalidation_split = 0.5"),
            &["e.toml, line 18, [data]", "leaves 0 of 1 sample", "one sample or more"],
        ),
        case(
            "data: one sample, and a part of it for validation by fit",
            with(&data("source = \"circles\"\nsamples = 1"), "fit", "validation_split = 0.5"),
            &["[fit]", "leaves 0 of 1 sample", "one sample or more"],
        ),
        case(
            "csv: weights that are not there",
            data(&format!("{CSV}\nsample_weight = \"w\"")),
            &["a.csv", "`w` is not a known column"],
        )
        .file("a.csv", "x,y,label\n1,2,0\n"),
        case(
            "csv: a negative weight",
            data(&format!("{CSV}\nsample_weight = \"w\"")),
            &["a.csv", "column `w`", "sample 1", "a weight of 0 or more, got -2"],
        )
        .file("a.csv", "x,w,label\n1,2,0\n1,-2,1\n"),
        case(
            "csv: a delimiter of two",
            data(&format!("{CSV}\ndelimiter = \"::\"")),
            &["`delimiter`", "one character"],
        )
        .file("a.csv", "x,y,label\n1,2,0\n"),
        case("csv: labels", data(&format!("{CSV}\nlabels = \"klass\"")), &["`labels`", "classes"])
            .file("a.csv", "x,y,label\n1,2,0\n"),
        case("npz: no archive", data("train = \"a.npz\""), &["[data], a.npz"]).file("a.npz", "nonsense"),
        mnist("idx: an empty folder", &["m: found 0 files", "idx3"]).file("m/readme.txt", ""),
        mnist("idx: a wrong magic number", &[IMAGES, "first bytes"])
            .file(IMAGES, [1, 2, 3, 4, 5])
            .file(LABELS, idx(&[1], &[0])),
        mnist("idx: truncated gzip", &["m/train-images-idx3-ubyte.gz", "truncated"])
            .file("m/train-images-idx3-ubyte.gz", truncated)
            .file(LABELS, idx(&[2], &[0, 1])),
        mnist("idx: fewer bytes than declared", &[IMAGES, "truncated"])
            .file(IMAGES, idx(&[2, 2, 2], &[0; 7]))
            .file(LABELS, idx(&[2], &[0, 1])),
        mnist("idx: another number of labels", &[LABELS, "expected 2 labels", "got 3"])
            .file(IMAGES, idx(&[2, 2, 2], &[0; 8]))
            .file(LABELS, idx(&[3], &[0, 1, 2])),
        mnist("idx: a label out of range", &["m", "sample 1", "got 11"])
            .file(IMAGES, idx(&[2, 2, 2], &[0; 8]))
            .file(LABELS, idx(&[2], &[0, 11])),
    ]);
}
