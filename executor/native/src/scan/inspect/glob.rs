//! Path patterns: `*`, `?`, `[a-z]`, `[!a]` within a name, `**` over folders, `{a,b}` anywhere.

/// The patterns that `{a,b}` stands for. At most 1,024; an unclosed brace is a plain character.
pub fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(next) = open.pop() {
        match group(&next) {
            Some((start, end)) if done.len() + open.len() < 1024 => {
                for choice in split(&next[start + 1..end]).into_iter().rev() {
                    open.push(format!("{}{choice}{}", &next[..start], &next[end + 1..]));
                }
            }
            _ => done.push(next),
        }
    }
    done
}

fn group(text: &str) -> Option<(usize, usize)> {
    let start = text.find('{')?;
    let mut depth = 0;
    for (at, c) in text[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Some((start, start + at)),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn split(body: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in body.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&body[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[from..]);
    parts
}

pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// Whether one path segment matches one pattern segment. A leading dot is matched by a dot only.
pub fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('[') => match class(&pattern[p..], name[n]) {
                Some((true, length)) => Some(p + length),
                Some((false, _)) => None,
                None => (name[n] == '[').then_some(p + 1),
            },
            Some(c) => (*c == name[n]).then_some(p + 1),
            None => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                n += 1;
            }
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                p = at + 1;
                n = from + 1;
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether `c` is in the class that `pattern` begins with, and the class's length; `None` if it is not closed.
fn class(pattern: &[char], c: char) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let first = if negated { 2 } else { 1 };
    let close = (first + 1..pattern.len()).find(|i| pattern[*i] == ']')?;
    let (mut found, mut i) = (false, first);
    while i < close {
        if i + 2 < close && pattern[i + 1] == '-' {
            found |= pattern[i] <= c && c <= pattern[i + 2];
            i += 3;
        } else {
            found |= pattern[i] == c;
            i += 1;
        }
    }
    Some((found != negated, close + 1))
}

/// Whether path segments match pattern segments; `**` stands for any number of segments.
pub fn matches_path(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            matches_path(rest, path)
                || path
                    .split_first()
                    .is_some_and(|(_, tail)| matches_path(pattern, tail))
        }
        (Some((first, rest)), Some((name, tail))) => {
            matches(first, name) && matches_path(rest, tail)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{alternatives, matches, matches_path};

    #[test]
    fn names_match_patterns() {
        for (pattern, name) in [
            ("*.parquet", "a b.parquet"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[!a]x", "bx"),
            ("*a*b", "xaayb"),
            ("a[1.parquet", "a[1.parquet"),
            ("*", "ü%20"),
            (".*", ".x"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.parquet", "a.csv"),
            ("a?c", "ac"),
            ("[a-c]x", "dx"),
            ("*", ".x"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn folders_match_double_stars() {
        assert!(matches_path(&["**", "*.csv"], &["a", "b", "c.csv"]));
        assert!(matches_path(&["**", "*.csv"], &["c.csv"]));
        assert!(!matches_path(&["*", "*.csv"], &["c.csv"]));
    }

    #[test]
    fn braces_are_alternatives() {
        assert_eq!(alternatives("a{b,c{d,e}}"), ["ab", "acd", "ace"]);
        assert_eq!(alternatives("a{b"), ["a{b"]);
    }
}
