//! Broken data: arrays that claim more than they hold, tables that are none, archives that explode, pictures without end.

use super::{Case, case};
use crate::mutate::packed::{gzipped, pack};
use crate::readers::tables::npy_of;
use zip::CompressionMethod::{Deflated, Stored};

pub fn cases() -> Vec<Case> {
    [csv(), npy(), npz(), idx(), pictures()].into_iter().flatten().collect()
}

fn csv() -> Vec<Case> {
    let wide = |n: usize| (0..n).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",");
    let giant = format!("a,b,y\n1,\"{}\",0\n", "9".repeat(3_000_000));
    vec![
        case("csv", "ragged", "a,b,y\n1,2,0\n1,2\n", &["line 3"]),
        case("csv", "nul_bytes", "a,b,y\n1,\0,0\n", &["line 2"]),
        case("csv", "giant_field", giant, &["beyond the numbers"]),
        case("csv", "not_utf_8", b"a,b,y\n1,2,\xff\xfe\n".to_vec(), &["UTF-8"]),
        case("csv", "mark_of_order", "\u{feff}a,b,y\r\n1,2,0\r\n3,4,1\r\n", &[]),
        case("csv", "utf_16", b"\xff\xfea\0,\0y\0\n\0".to_vec(), &[""]),
        case("csv", "quote_without_end", "a,b,y\n1,\"2,0\n3,4,1\n", &["line 2"]),
        case("csv", "equal_names", "a,a,y\n1,2,0\n", &["same name"]),
        case("csv", "wide_and_ragged", format!("{}\n1\n", wide(30_000)), &["30000 cells"]),
        case("csv", "only_names", "a,b,y\n", &["no sample"]),
        case("csv", "commas", ",".repeat(200_000), &[""]),
        case("csv", "commas_without_end", ",".repeat(30_000_000), &["250000"]),
        case("csv", "line_of_cells_without_end", format!("a,b,y\n{}\n", "1,".repeat(5_000_000)), &["line 2"]),
        case("csv", "as_wide_as_can_be", format!("{}\n{}0\n", wide(250_000), "1,".repeat(249_999)), &[]),
        case("csv", "infinity", "a,b,y\n1,inf,0\n", &["finite"]),
        case("csv", "huge_number", "a,b,y\n1,1e999,0\n", &["beyond the numbers"]),
    ]
}

fn npy() -> Vec<Case> {
    let header =
        |text: &str| [b"\x93NUMPY\x01\0", &(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat();
    let long = [b"\x93NUMPY\x02\0", &u32::MAX.to_le_bytes()[..], b"{"].concat();
    vec![
        case("npy", "objects", npy_of("'|O'", "False", "(3,)", b"\x80\x04."), &["can run code"]),
        case("npy", "text", npy_of("'<U4'", "False", "(3,)", &[0; 48]), &["text is not read"]),
        case("npy", "structured", npy_of("[('a', '<f4')]", "False", "(3,)", &[0; 12]), &["elements of type"]),
        case("npy", "too_short", npy_of("'<f4'", "False", "(1000000000,)", &[0; 12]), &["4000000000 bytes"]),
        case(
            "npy",
            "beyond_counting",
            npy_of("'<f4'", "False", "(4611686018427387904, 4)", &[]),
            &["too many"],
        ),
        case("npy", "zero_and_huge", npy_of("'<f4'", "False", "(0, 9223372036854775807, 3)", &[]), &[]),
        case("npy", "negative", npy_of("'<f4'", "False", "(-1,)", &[0; 4]), &["not understood"]),
        case("npy", "no_axis", npy_of("'<f4'", "False", "()", &[0; 4]), &["single number"]),
        case("npy", "long_header", long, &["header"]),
        case("npy", "python_code", header("__import__('os').system('true')"), &["not understood"]),
        case(
            "npy",
            "key_twice",
            header("{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
            &[""],
        ),
        case(
            "npy",
            "many_axes",
            npy_of("'<f4'", "True", &format!("({})", "1,".repeat(30_000)), &[0; 4]),
            &[],
        ),
        case(
            "npy",
            "beyond_f32",
            npy_of("'<f8'", "False", "(1,)", &1e300_f64.to_le_bytes()),
            &["beyond the numbers"],
        ),
        case("npy", "future_version", b"\x93NUMPY\x09\0\0\0\0\0\0\0".to_vec(), &["version 9"]),
    ]
}

/// Zeros as an array of bytes, packed as small as can be.
fn bomb(bytes: usize, spoilt: bool) -> Vec<u8> {
    let mut npy = npy_of("'|u1'", "False", &format!("({bytes},)"), &[]);
    npy.resize(npy.len() + bytes, 0);
    let mut zip = pack(&[("x.npy".into(), npy)], Deflated).expect("it can be packed");
    if spoilt && let Some(at) = zip.windows(4).position(|w| w == b"PK\x01\x02") {
        // The sum in the list of members.
        zip[at + 16] ^= 1;
    }
    zip
}

fn npz() -> Vec<Case> {
    let npy = || npy_of("'<f4'", "False", "(2, 1)", &[0; 8]);
    let zip = |name: &str, content: Vec<u8>| {
        pack(&[(name.to_string(), content)], Stored).expect("it can be packed")
    };
    let declared = {
        // It says to be 2 GB, and has 8 bytes.
        let mut bytes = zip("x.npy", npy());
        let at = bytes.windows(4).position(|w| w == b"PK\x01\x02").expect("there is a list of members");
        bytes[at + 24..at + 28].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
        bytes
    };
    let nested = zip("x.npy", zip("x.npy", npy()));
    let many: Vec<(String, Vec<u8>)> = (0..60_000).map(|i| (format!("{i}"), Vec::new())).collect();
    vec![
        case("npz", "bomb", bomb(1 << 29, false), &["the most"]),
        case("npz", "bomb_with_wrong_sum", bomb(100 << 20, true), &[""]),
        case("npz", "large_and_packed", bomb(30 << 20, false), &[]),
        case("npz", "declares_2_gb", declared, &["the most", "no archive", "unpacked"]),
        case("npz", "leads_out", zip("../../x.npy", npy()), &["no array"]),
        case("npz", "archive_in_archive", nested, &["no NPY file"]),
        case("npz", "many_members", pack(&many, Stored).expect("it can be packed"), &["no array"]),
        case(
            "npz",
            "objects",
            zip("x.npy", npy_of("'|O'", "False", "(1,)", b"\x80\x04.")),
            &["can run code"],
        ),
    ]
}

fn idx() -> Vec<Case> {
    let huge = [&[0, 0, 14, 4][..], &[0xff; 16]].concat();
    let axes = [&[0, 0, 8, 255][..], &[0xff; 1020]].concat();
    let zeros = |n: usize| vec![0_u8; n];
    let bomb = |sizes: &[u8], n: usize| {
        gzipped(&[&[0, 0, 8, (sizes.len() / 4) as u8][..], sizes, &zeros(n)].concat())
            .expect("it can be packed")
    };
    let mut spoilt = bomb(&(60_u32 << 20).to_be_bytes(), 60 << 20);
    let at = spoilt.len() - 6;
    spoilt[at] ^= 1;
    vec![
        case("idx", "beyond_counting", huge, &["more than the file can hold"]),
        case("idx", "255_axes", axes, &["more than the file can hold"]),
        case("idx", "zero_and_huge", [&[0, 0, 8, 3][..], &[0; 4], &[0xff; 8]].concat(), &[]),
        case("idx", "bomb", bomb(&[0, 0, 0, 3], 64 << 20), &["bytes follow"]),
        case("idx", "bomb_with_wrong_sum", spoilt, &["damaged"]),
        case(
            "idx",
            "gzip_twice",
            gzipped(&bomb(&[0, 0, 0, 3], 3)).expect("it can be packed"),
            &["first bytes"],
        ),
        case("idx", "gzip_head_alone", vec![0x1f, 0x8b, 8, 0], &["ends too early"]),
    ]
}

fn pictures() -> Vec<Case> {
    let png = |width: u32, height: u32, more: &[u8]| {
        let head = [b"IHDR", &width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let sum = crc32fast::hash(&head).to_be_bytes();
        [b"\x89PNG\r\n\x1a\n\0\0\0\x0d", &head[..], &sum, more].concat()
    };
    let chunk = |name: &[u8], len: u32| [&len.to_be_bytes()[..], name, &[0; 64]].concat();
    let jpeg = |width: u16, height: u16| {
        let [w, h] = [width, height].map(u16::to_be_bytes);
        [
            &[0xff, 0xd8, 0xff, 0xc0, 0, 17, 8][..],
            &h,
            &w,
            &[3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0],
            &[0xff, 0xd9],
        ]
        .concat()
    };
    vec![
        case("png", "huge", png(0x7fff_ffff, 0x7fff_ffff, &[]), &["more than its"]),
        case("png", "no_size", png(0, 5, &[]), &[""]),
        case("png", "no_pixels", png(4, 4, &[]), &["ends too early", "cannot be read"]),
        case("png", "long_chunk", png(4, 4, &chunk(b"IDAT", 0x7fff_ffff)), &[""]),
        case("png", "long_palette", png(4, 4, &chunk(b"PLTE", 0xffff_ffff)), &[""]),
        case("jpeg", "huge", jpeg(65_535, 65_535), &["more than its", "cannot be read"]),
        case("jpeg", "no_size", jpeg(0, 0), &[""]),
        case("jpeg", "no_scan", jpeg(8, 8), &[""]),
        case("jpeg", "another_kind", b"GIF89a\x01\0\x01\0".to_vec(), &["GIF"]),
    ]
}
