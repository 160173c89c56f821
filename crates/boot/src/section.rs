//! Reads a section of `aether.toml` strictly: every key is known, every value of its kind. Errors name the place.

use toml::{Table, Value};

use crate::config::SettingError;

/// A table of the file, and where it is.
pub(crate) struct Section<'a> {
    path: String,
    pub table: &'a Table,
}

impl<'a> Section<'a> {
    pub fn new(path: String, value: &'a Value) -> Result<Self, SettingError> {
        match value {
            Value::Table(table) => Ok(Self { path, table }),
            other => Err(wrong(path, kind(other), "a section of its own in double brackets")),
        }
    }

    pub fn at(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    pub fn wrong(&self, key: &str, may: &str) -> SettingError {
        let holds = match self.table.get(key) {
            None => "nothing".into(),
            Some(Value::String(text)) => format!("`{}`", short(text)),
            Some(value @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_))) => format!("`{value}`"),
            Some(other) => kind(other).to_owned(),
        };
        wrong(self.at(key), holds, may)
    }

    pub fn only(&self, keys: &[&str]) -> Result<(), SettingError> {
        match self.table.keys().find(|key| !keys.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(wrong(
                self.path.clone(),
                format!("the unknown key `{}`", short(key)),
                format!("`{}`", keys.join("`, `")),
            )),
        }
    }

    pub fn text(&self, key: &str, may: &str) -> Result<Option<&'a str>, SettingError> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(self.at(key), kind(other), may)),
        }
    }

    pub fn number(&self, key: &str, max: u64) -> Result<Option<u64>, SettingError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
        match number.filter(|number| (1..=max).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(self.wrong(key, &format!("a whole number from 1 to {max}"))),
        }
    }

    pub fn price(&self, key: &str) -> Result<Option<i64>, SettingError> {
        let text = match self.table.get(key) {
            None => return Ok(None),
            Some(Value::Integer(number)) => number.to_string(),
            // The shortest number that means the same is the one that was written.
            Some(Value::Float(number)) => number.to_string(),
            Some(Value::String(text)) => text.clone(),
            Some(_) => String::new(),
        };
        match micros(&text) {
            Some(price) => Ok(Some(price)),
            None => Err(self.wrong(key, "US dollars from 0 to 1000000 with six decimals at most")),
        }
    }
}

/// Dollars in decimals to whole micro-dollars.
fn micros(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 7 || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let price = whole.parse::<i64>().ok()? * 1_000_000 + format!("{decimals:0<6}").parse::<i64>().ok()?;
    (price <= 1_000_000_000_000).then_some(price)
}

pub(crate) fn wrong(
    name: impl Into<String>,
    holds: impl Into<String>,
    may: impl Into<String>,
) -> SettingError {
    SettingError::new(name.into(), holds.into(), may.into())
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

/// For one line of an error.
fn short(text: &str) -> String {
    text.chars().take(80).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact() {
        for (text, price) in [
            ("0", Some(0)),
            ("1.25", Some(1_250_000)),
            ("0.075", Some(75_000)),
            ("0.000001", Some(1)),
            ("1000000", Some(1_000_000_000_000)),
            ("1000000.000001", None),
            ("", None),
            (".5", None),
            ("1.", Some(1_000_000)),
            ("-1", None),
            ("1e3", None),
            ("99999999", None),
            ("0.1234567", None),
        ] {
            assert_eq!(micros(text), price, "{text}");
        }
    }
}
