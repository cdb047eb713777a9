//! The difference of two texts, line by line.

/// Lines that went with `-`, lines that came with `+`, and two lines around each as they are; nothing where they are equal.
///
/// By the longest common subsequence, which for files of this length is quick enough.
pub(crate) fn lines(before: &str, after: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // common[i][j]: the longest common subsequence of a[i..] and b[j..].
    let mut common = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] =
                if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut all: Vec<(char, &str)> = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            all.push((' ', a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || common[i + 1][j] >= common[i][j + 1]) {
            all.push(('-', a[i]));
            i += 1;
        } else {
            all.push(('+', b[j]));
            j += 1;
        }
    }
    let all = folded(&all);
    let all: Vec<(char, &str)> = all.iter().map(|(sign, line)| (*sign, line.as_str())).collect();
    let near =
        |k: usize| all[k.saturating_sub(2)..(k + 3).min(all.len())].iter().any(|(sign, _)| *sign != ' ');
    let (mut out, mut gap) = (String::new(), false);
    for (k, (sign, line)) in all.iter().enumerate() {
        if near(k) {
            out += &format!("{sign} {line}\n");
            gap = true;
        } else if std::mem::take(&mut gap) {
            out += "  …\n";
        }
    }
    out
}

/// Changed lines that are the same again and again, once: what a repeated layer makes of a diff.
fn folded(all: &[(char, &str)]) -> Vec<(char, String)> {
    let (mut out, mut k) = (Vec::new(), 0);
    while k < all.len() {
        let sign = all[k].0;
        let run = all[k..].iter().take_while(|(s, _)| *s == sign && sign != ' ').count();
        let times = |period: usize| {
            let first = &all[k..k + period];
            all[k..k + run].chunks_exact(period).take_while(|c| *c == first).count()
        };
        let repeats = (1..=6.min(run)).map(|p| (p, times(p))).filter(|(_, n)| *n > 2);
        match repeats.max_by_key(|(period, n)| (period * n, std::cmp::Reverse(*period))) {
            Some((period, n)) => {
                out.extend(all[k..k + period].iter().map(|(s, l)| (*s, l.to_string())));
                out.push((sign, format!("  … and {} times more", n - 1)));
                k += period * n;
            }
            None => {
                out.push((sign, all[k].1.to_string()));
                k += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn what_changed_is_shown_with_what_is_around_it() {
        let before = "a\nb\nc\nd\ne\nf\ng\n";
        let after = "a\nb\nc\nx\ne\nf\ng\nh\n";
        assert_eq!(lines(before, after), "  b\n  c\n- d\n+ x\n  e\n  f\n  g\n+ h\n");
        assert_eq!(lines(before, before), "");
        assert_eq!(lines("", "a\n"), "+ a\n");
        let repeated = lines("x\na\nb\na\nb\na\nb\n", "x\n");
        assert_eq!(repeated, "  x\n- a\n- b\n-   … and 2 times more\n");
    }
}
