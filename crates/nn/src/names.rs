//! Names as Keras makes them: `BatchNormalization` → `batch_normalization`, `LeakyReLU` → `leaky_re_lu`.

/// A class name in Keras' snake case.
///
/// ```
/// use steadygrad_nn::names::snake_case;
/// assert_eq!(snake_case("BatchNormalization"), "batch_normalization");
/// assert_eq!(snake_case("LeakyReLU"), "leaky_re_lu");
/// assert_eq!(snake_case("Conv2DTranspose"), "conv2d_transpose");
/// assert_eq!(snake_case("RMSprop"), "rm_sprop");
/// ```
pub fn snake_case(class: &str) -> String {
    let chars: Vec<char> = class.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut once = String::new();
    let mut i = 0;
    // First: any character before a capital that starts a word (a capital with small letters after it).
    while i < chars.len() {
        once.push(chars[i]);
        let starts =
            i + 2 < chars.len() && chars[i + 1].is_ascii_uppercase() && chars[i + 2].is_ascii_lowercase();
        if starts && chars[i] != '\n' {
            once.push('_');
            // The word is taken whole, so that its letters are not looked at again.
            i += 1;
            once.push(chars[i]);
            while i + 1 < chars.len() && chars[i + 1].is_ascii_lowercase() {
                i += 1;
                once.push(chars[i]);
            }
        }
        i += 1;
    }
    // Then: a small letter before a capital.
    let mut twice = String::new();
    let mut before = ' ';
    for c in once.chars() {
        if before.is_ascii_lowercase() && c.is_ascii_uppercase() {
            twice.push('_');
        }
        twice.push(c);
        before = c;
    }
    twice.to_lowercase()
}

/// Counts names: the first of a kind is plain, later ones get `_1`, `_2`, …
#[derive(Debug, Clone, Default)]
pub struct Counter(Vec<(String, usize)>);

impl Counter {
    /// How many of this name came before, and counts it.
    pub fn ordinal(&mut self, name: &str) -> usize {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.0.push((name.to_string(), 0));
                0
            }
        }
    }

    /// The next name of this kind.
    pub fn next(&mut self, name: &str) -> String {
        match self.ordinal(name) {
            0 => name.to_string(),
            n => format!("{name}_{n}"),
        }
    }
}
