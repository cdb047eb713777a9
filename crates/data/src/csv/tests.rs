//! What the reader of CSV files accepts, and what it says about each mistake.

use proptest::prelude::*;
use steadygrad_kernels::Result;

use super::*;

fn read(text: &str) -> Result<(Dataset, Schema)> {
    parse(text.as_bytes(), &CsvOptions::default())
}

fn told(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn with_target(text: &str, target: impl Into<Target>) -> Result<Dataset> {
    Ok(parse(text.as_bytes(), &CsvOptions { target: target.into(), ..CsvOptions::default() })?.0)
}

#[test]
fn names_numbers_and_text_find_their_place() {
    let (data, schema) = read("label,a,b\n3,0.5,1e3\n1,-2,+4\n").unwrap();
    assert_eq!(data.x[0].data(), [0.5, 1000.0, -2.0, 4.0]);
    assert_eq!((data.y[0].shape(), data.y[0].data()), (&[2][..], &[3.0, 1.0][..]));
    assert_eq!((schema.target.as_deref(), schema.classes), (Some("label"), None));
    let (data, _) = read("5.1,3.5,setosa\n6.0,3.0,virginica\n5.0,3.1,setosa").unwrap();
    assert_eq!(data.y[0].data(), [0.0, 1.0, 0.0]);
    assert_eq!(data.class_names.unwrap(), ["setosa", "virginica"]);
}

#[test]
fn spreadsheets_have_their_ways() {
    let (data, schema) = read("\u{feff}a; b ;y\r\n\r\n\"1\"; 2 ;\"x;\r\ny\"\r\n3;4;z\r\n\r\n").unwrap();
    assert_eq!(data.x[0].data(), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!((schema.features, schema.delimiter), (vec!["a".to_string(), "b".into()], b';'));
    assert_eq!(schema.classes.unwrap(), ["x;\r\ny", "z"]);
    assert_eq!(read("1\t2\n3\t4").unwrap().0.x[0].shape(), [2, 1]);
    assert_eq!(read("1,2\r3,4\r").unwrap().0.len(), 2);
}

#[test]
fn the_target_is_named_guessed_or_absent() {
    let text = "a,Class,b\n1,2,3\n";
    assert_eq!(read(text).unwrap().1.target.as_deref(), Some("Class"));
    assert_eq!(with_target(text, "a").unwrap().y[0].data(), [1.0]);
    assert_eq!(with_target(text, 2).unwrap().y[0].data(), [3.0]);
    assert_eq!(with_target("1,2,3\n", "1").unwrap().y[0].data(), [2.0]);
    let none = with_target(text, Target::None).unwrap();
    assert_eq!((none.x[0].shape(), none.y.len()), (&[1, 3][..], 0));
    let error = with_target(text, "clas").unwrap_err().to_string();
    assert!(error.contains("did you mean `Class`?"), "{error}");
    assert!(with_target(text, 3).unwrap_err().to_string().contains("index from 0 to 2, got 3"));
    assert!(with_target("1,2\n", "label").unwrap_err().to_string().contains("known: column 1, column 2"));
    assert!(told("only\n1\n").contains("no column with features"));
}

#[test]
fn columns_can_be_skipped() {
    let options = CsvOptions { skip: vec!["id".into()], ..CsvOptions::default() };
    let (data, schema) = parse(b"a,b,id\n1,2,x17\n", &options).unwrap();
    assert_eq!((data.x[0].data(), data.y[0].data()), (&[1.0][..], &[2.0][..]));
    assert_eq!(parse_like(&schema, b"id,b,a\nx,9,8\n").unwrap().x[0].data(), [8.0]);
    assert_eq!(parse_like(&schema, b"b,a\n9,8\n").unwrap().x[0].data(), [8.0]);
    let options = CsvOptions { target: "id".into(), ..options };
    assert!(parse(b"a,b,id\n1,2,x17\n", &options).unwrap_err().to_string().contains("columns to skip"));
}

#[test]
fn every_mistake_names_line_and_column() {
    for (text, expected) in [
        ("", "the file is empty"),
        ("\n\r\n\n", "the file is empty"),
        ("a,b,y\n", "there are names of columns, and no sample"),
        ("a,b,y\n1,2\n", "line 2: expected 3 cells as in line 1, got 2"),
        ("a,b,y\n\n1,2,3\n\n\n1,2,3,4\n", "line 6: expected 3 cells as in line 1, got 4"),
        ("a,b,y\r\n1,2,3\r\n\r\n1,,3\r\n", "line 4, column 2 (`b`): the cell is empty"),
        ("a,b,y\n1,2,\n", "line 2, column 3 (`y`): the cell is empty"),
        ("a,b,y\n1,nan,3\n", "line 2, column 2 (`b`): expected a finite number, got `nan`"),
        ("a,b,y\n-inf,1,3\n", "line 2, column 1 (`a`): expected a finite number, got `-inf`"),
        ("a,b,y\n1,1e39,3\n", "line 2, column 2 (`b`): `1e39` is beyond"),
        (
            "a,b,y\n1,red,3\n",
            "line 2, column 2 (`b`): expected a number, got `red`\n  help: features are numbers",
        ),
        ("a,b,y\n1,NA,3\n", "got `NA`\n  help: fill the missing value in"),
        ("a;b;y\n1;2,5;3\n", "got `2,5`\n  help: write decimals with a point"),
        ("1,b,y\n1,2,3\n", "line 1, column 2: expected a number, got `b`\n  help: if this line holds names"),
        ("a,a,y\n1,2,3\n", "line 1: columns 1 and 2 have the same name `a`"),
        ("a,y\n1,2\n1,3\n1,x\n", "column 2 (`y`), line 4: expected a number as in the other lines, got `x`"),
        (
            "a,y\n1,p\n1,3\n1,x\n",
            "column 2 (`y`), line 3: expected text as in the other lines, got the number `3`",
        ),
        ("a,y\n1,2\n1,inf\n", "column 2 (`y`), line 3: expected a finite number, got `inf`"),
        ("a,y\n\"1,2\n3,4\n", "line 2: expected 2 cells as in line 1, got 1"),
    ] {
        let error = told(text);
        assert!(error.contains(expected), "for {text:?}\nexpected {expected}\ngot {error}");
    }
    let long = told(&format!("a,y\n{},1\n", "é".repeat(500)));
    assert!(long.contains('…') && long.len() < 300, "{long}");
    assert!(parse(b"a,y\n1,\xff\n", &CsvOptions::default()).unwrap_err().to_string().contains("UTF-8"));
    let options = CsvOptions { delimiter: Some(b'"'), ..CsvOptions::default() };
    assert!(parse(b"1,2\n", &options).unwrap_err().to_string().contains("delimiter"));
}

#[test]
fn one_sample_is_a_set() {
    for text in ["1,2,0\n", "a,b,y\n1,2,0", "a,b,y\n1,2,cat\n"] {
        let (data, _) = read(text).unwrap();
        data.check().unwrap();
        assert_eq!((data.len(), data.y[0].data()), (1, &[0.0][..]));
    }
}

#[test]
fn classes_keep_their_order() {
    let options = CsvOptions { labels: Labels::Classes, ..CsvOptions::default() };
    let (data, schema) = parse(b"0,10\n0,9\n0,-1\n", &options).unwrap();
    assert_eq!(
        (data.y[0].data(), schema.classes.unwrap().join(" ")),
        (&[2.0, 1.0, 0.0][..], "-1 9 10".into())
    );
    let options = CsvOptions { labels: Labels::Numbers, ..CsvOptions::default() };
    let error = parse(b"a,y\n0,red\n", &options).unwrap_err().to_string();
    assert!(error.starts_with("column 2 (`y`), line 2: expected a number, got `red`"), "{error}");
}

#[test]
fn a_second_file_is_read_like_the_first() {
    let (_, schema) = read("a,b,y\n1,2,cat\n3,4,dog\n").unwrap();
    let like = |text: &str| parse_like(&schema, text.as_bytes());
    let data = like("y,a,b\ndog,1,2\n").unwrap();
    assert_eq!((data.x[0].data(), data.y[0].data()), (&[1.0, 2.0][..], &[1.0][..]));
    assert_eq!(data.class_names.unwrap(), ["cat", "dog"]);
    for (text, expected) in [
        (
            "a,b,y\n1,2,dogs\n",
            "line 2: `dogs` is not a known class of the training file\n  help: did you mean `dog`?",
        ),
        ("a,y\n1,cat\n", "`b` is not a known column"),
        ("a,b\n1,2\n", "`y` is not a known column"),
        ("a,b,c,y\n1,2,3,cat\n", "column 3 (`c`): a column that the training file does not have"),
        ("1,2,cat\n", "`a` is not a known column"),
        ("a,b,y\n", "no sample"),
    ] {
        let error = like(text).unwrap_err().to_string();
        assert!(error.contains(expected), "for {text:?}\nexpected {expected}\ngot {error}");
    }
    let (_, unnamed) = read("1,2,0\n").unwrap();
    assert!(parse_like(&unnamed, b"1,2,3,0\n").unwrap_err().to_string().contains("column 4"));
    assert!(
        parse_like(&unnamed, b"1,2\n").unwrap_err().to_string().contains("`column 3` is not a known column")
    );
    assert!(parse_like(&unnamed, b"1,x,0\n").unwrap_err().to_string().contains("has a header"));
    assert!(parse_like(&unnamed.without_target(), b"4,5\n").unwrap().y.is_empty());
}

#[test]
fn files_are_named_in_errors_and_give_the_set_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flowers.csv");
    file::replace(&path, b"a,y\n1,2\n").unwrap();
    let (data, schema) = load(&path, &CsvOptions::default()).unwrap();
    assert_eq!((data.name.as_str(), load_like(&schema, &path).unwrap()), ("flowers", data.clone()));
    file::replace(&path, b"a,y\nx,2\n").unwrap();
    let error = load(&path, &CsvOptions::default()).unwrap_err();
    assert!(error.place().ends_with("flowers.csv, line 2, column 1 (`a`)"), "{error}");
    assert!(load(folder.path(), &CsvOptions::default()).is_err());
}

proptest! {
    #[test]
    fn nothing_panics(text in "[0-9a,;\t\n\r\". e+-]{0,80}", noise: Vec<u8>) {
        let (_, schema) = read("a,b,y\n1,2,cat\n").unwrap();
        for bytes in [text.as_bytes(), &noise] {
            for header in [Header::Auto, Header::Yes, Header::No] {
                for target in [Target::Guess, Target::None, Target::Index(1), "a".into()] {
                    if let Ok((data, schema)) = parse(bytes, &CsvOptions { header, target, ..CsvOptions::default() }) {
                        data.check().unwrap();
                        prop_assert_eq!(parse_like(&schema, bytes).unwrap(), data);
                    }
                }
            }
            let _ = parse_like(&schema, bytes);
        }
    }
}

#[test]
fn how_wide_a_line_is_does_not_decide_how_long_it_takes_or_how_much_memory() {
    let wide = cells::MOST_COLUMNS;
    let names: Vec<String> = (0..wide).map(|i| format!("n{i}")).collect();
    let text = format!("{}\n{}\n", names.join(","), vec!["1"; wide].join(","));
    let begun = std::time::Instant::now();
    let (data, schema) = parse(text.as_bytes(), &CsvOptions::default()).unwrap();
    assert_eq!(data.x[0].shape(), [1, wide - 1]);
    parse_like(&schema, text.as_bytes()).unwrap();
    // Where every name is looked for among all the others, it takes minutes.
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    let more = format!("{}\n", ",".repeat(wide));
    let error = parse(more.as_bytes(), &CsvOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("line 1: it has more than 250000 cells"), "{error}");
    let later = format!("a,b\n1,2\n\n3{}\n", ",".repeat(5000));
    let error = parse(later.as_bytes(), &CsvOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("line 4: it has more than 2000 cells"), "{error}");
    let open = format!("a,b\n1,\"{}", "x".repeat(17 << 20));
    let error = parse(open.as_bytes(), &CsvOptions::default()).unwrap_err();
    assert!(error.to_string().contains("line 2: it is longer"), "{error}");
    assert!(error.remedy().contains("quote"), "{error}");
}
