//! Takes the library talk out of messages.

const PREFIXES: [&str; 26] = [
    "Execution error: ",
    "Arrow error: ",
    "External error: ",
    "Compute error: ",
    "Cast error: ",
    "Parser error: ",
    "Error during planning: ",
    "This feature is not implemented: ",
    "Not yet implemented: ",
    "Internal error: ",
    "Invalid argument error: ",
    "Arithmetic overflow: ",
    "Parquet error: ",
    "Parquet argument error: ",
    "Object Store error: ",
    "Resources exhausted: ",
    "Schema error: ",
    "IO error: ",
    "Io error: ",
    "Json error: ",
    "Csv error: ",
    "C Data interface error: ",
    "Optimizer error: ",
    "Execution error",
    "Generic LocalFileSystem error: ",
    "caused by\n",
];

const BUG_REPORT: &str = "This issue was likely caused by a bug in DataFusion";

/// One line without library prefixes, backtraces, requests for bug reports and source positions.
pub fn message(text: &str) -> String {
    let mut rest = text;
    if let Some(at) = rest.find("\n\nbacktrace:") {
        rest = &rest[..at];
    }
    if let Some(at) = rest.find(BUG_REPORT) {
        rest = &rest[..at];
    }
    loop {
        rest = rest.trim();
        let before = rest.len();
        for prefix in PREFIXES {
            rest = rest.strip_prefix(prefix).unwrap_or(rest);
        }
        if (rest.starts_with("Optimizer rule '") || rest.starts_with("type_coercion"))
            && let Some((_, after)) = rest.split_once("caused by")
        {
            rest = after;
        }
        if rest.len() == before {
            break;
        }
    }
    let line = rest.replace("\ncaused by\n", ": ").replace('\n', " ");
    let clean = sql_types(&without_positions(line.trim_end_matches([' ', '.'])));
    match clean.is_empty() {
        true => "no further detail".to_owned(),
        false => clean,
    }
}

/// Azure's shared access tokens are a part of the URLs that its client tells in errors.
pub fn without_signatures(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(at) = rest.find("&sig=").or_else(|| rest.find("?sig=")) {
        let (before, signed) = rest.split_at(at + "&sig=".len());
        let end = signed.find(|c: char| !(c.is_ascii_alphanumeric() || "%+/=-_.~".contains(c)));
        out.push_str(before);
        out.push_str("***");
        rest = &signed[end.unwrap_or(signed.len())..];
    }
    out + rest
}

const TYPES: [(&str, &str); 10] = [
    ("Int8", "TINYINT"),
    ("Int16", "SMALLINT"),
    ("Int32", "INTEGER"),
    ("Int64", "BIGINT"),
    ("Float32", "REAL"),
    ("Float64", "DOUBLE"),
    ("Utf8", "VARCHAR"),
    ("Utf8View", "VARCHAR"),
    ("Date32", "DATE"),
    ("Boolean", "BOOLEAN"),
];

/// Arrow's names of types as SQL has them.
fn sql_types(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let name = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let plain = name.strip_suffix("Array").unwrap_or(name);
        match TYPES.iter().find(|(arrow, _)| *arrow == plain) {
            Some((_, sql)) => out.push_str(sql),
            None => out.push_str(name),
        }
        out.push_str(&word[name.len()..]);
    }
    out
}

/// [`message`] for errors about plans: internal column names (c0, c1, ...) say nothing to a user.
pub fn plan(text: &str) -> String {
    let clean = message(text);
    let mut out = String::with_capacity(clean.len());
    for word in clean.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let name = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_internal_name(name) {
            out.push_str("column");
            out.push_str(&word[name.len()..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

/// DataFusion's report of the largest consumers, in one sentence of ours.
pub fn memory(text: &str) -> String {
    let clean = message(text);
    let first = clean
        .split(" for top memory consumers")
        .next()
        .unwrap_or(&clean);
    let detail = clean.split_once("consumers (across reservations) as:");
    let biggest = detail
        .and_then(|(_, list)| list.split([',', '.']).next())
        .map(|name| name.trim().split('#').next().unwrap_or("").to_owned());
    match biggest {
        Some(name) if !name.is_empty() => format!(
            "the query needs more memory than it may use (largest user: {name}); \
             raise memory_limit or read fewer rows"
        ),
        _ => format!("the query needs more memory than it may use: {first}"),
    }
}

fn is_internal_name(name: &str) -> bool {
    let digits = name.strip_prefix('c').unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Drops ` at path/file.rs:12:3` and bare `path/file.rs:12`.
fn without_positions(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_position = |w: &str| {
        w.split_once(".rs:").is_some_and(|(_, line)| {
            line.trim_end_matches([',', '.', ')', ':'])
                .bytes()
                .all(|b| b.is_ascii_digit() || b == b':')
        })
    };
    let mut out: Vec<&str> = Vec::with_capacity(words.len());
    for word in words {
        if is_position(word) {
            if matches!(out.last(), Some(&"at") | Some(&"in")) {
                out.pop();
            }
        } else {
            out.push(word);
        }
    }
    out.join(" ")
}
