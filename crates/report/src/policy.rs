//! What a browser may do on a page: apply the style and run the script that were written with it, and nothing else.

use sha2::{Digest, Sha256};

/// The Content-Security-Policy of a page with this one style and this one script, which stand in it letter for letter.
///
/// ```text
/// default-src 'none'        nothing is loaded or connected to: no picture, font, frame, object, worker
/// style-src, script-src     the element whose text has this SHA-256, no other, and no attribute (style="…", onclick="…")
/// base-uri, form-action     neither is covered by default-src
/// ```
///
/// Source: W3C, Content Security Policy Level 3, § 6.7.3 (hashes of inline elements).
pub fn policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        source(style),
        source(script)
    )
}

/// The text as a policy names it: sha256-…
fn source(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text)))
}

/// Base 64 with padding (RFC 4648, § 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let at = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= three.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_standard() {
        // RFC 4648, § 10.
        let all = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(all, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn a_text_is_named_by_its_hash() {
        // FIPS 180-4: the hash of nothing.
        assert_eq!(source(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let said = policy("a{}", "b()");
        assert!(said.starts_with("default-src 'none'; style-src 'sha256-") && !said.contains("unsafe"));
    }
}
