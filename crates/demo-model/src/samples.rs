//! Sample values of fields. Dates in the word lists are days from today; where an artifact can't count from today
//! (an OpenAPI example) they count from a fixed day.

use crate::{
    doc::Doc,
    words::{Field, Type},
};

/// 15 June 2026.
const FIXED_DAY: i64 = 20_619;

/// The sample of a row; rows go round.
pub fn cell(field: &Field, row: usize) -> &str {
    match field.samples.len() {
        0 => "",
        count => field.samples.get(row % count).map_or("", String::as_str),
    }
}

/// A sample as a document node, with dates from the fixed day. `None` when the row leaves the field empty.
pub fn doc(field: &Field, row: usize) -> Option<Doc> {
    let text = cell(field, row);
    Some(match &field.of {
        Type::Int | Type::Rating | Type::Number | Type::Money if !text.is_empty() => {
            Doc::Bare(text.to_owned())
        }
        Type::Bool => Doc::Bare(if text == "true" { "true" } else { "false" }.to_owned()),
        _ if text.is_empty() => return None,
        Type::Date => Doc::Text(day(text)),
        Type::DateTime => Doc::Text(moment(text)),
        Type::List => Doc::List(text.split(',').map(|part| Doc::Text(part.trim().to_owned())).collect()),
        _ => Doc::Text(text.to_owned()),
    })
}

/// `+3` as a date of the fixed calendar.
pub fn day(offset: &str) -> String {
    let days: i64 = offset.trim_start_matches('+').parse().unwrap_or(0);
    let (year, month, day) = civil(FIXED_DAY + days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `+3T09:30` as a UTC time of the fixed calendar.
pub fn moment(offset: &str) -> String {
    let (days, time) = offset.split_once('T').unwrap_or((offset, "09:00"));
    format!("{}T{time}:00Z", day(days))
}

/// The calendar day of a count of days since 1970 (after Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_the_fixed_day() {
        assert_eq!(
            (day("+0").as_str(), day("-15").as_str(), day("+20").as_str()),
            ("2026-06-15", "2026-05-31", "2026-07-05")
        );
        assert_eq!(moment("+1T09:30"), "2026-06-16T09:30:00Z");
    }
}
