//! Lines of CSV (RFC 4180) that a spreadsheet shows and does not compute: users choose what stands in some of the fields.

/// One line, with its end.
pub fn line(fields: &[&str]) -> String {
    let mut line = String::new();
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        line.push('"');
        // What begins so is a formula to spreadsheets; full-width forms are read as the others.
        if field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
            line.push('\'');
        }
        line.push_str(&field.replace('"', "\"\""));
        line.push('"');
    }
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn fields_are_quoted_and_nothing_is_a_formula() {
        assert_eq!(line(&["a", "", "b,\"c\"\nd"]), "\"a\",\"\",\"b,\"\"c\"\"\nd\"\r\n");
        assert_eq!(line(&["=1+1", "@x", "\tx"]), "\"'=1+1\",\"'@x\",\"'\tx\"\r\n");
        assert_eq!(line(&["1=1"]), "\"1=1\"\r\n");
    }
}
