//! Reads server-sent events as a client does.

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// `event:`
    pub name: String,
    /// `id:`
    pub id: String,
    /// `data:`
    pub data: String,
}

/// The whole events in a piece of a stream; comments are left out.
pub fn parse(text: &str) -> Vec<SseEvent> {
    text.split("\n\n")
        .filter_map(|block| {
            let field = |name: &str| {
                block
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .map(|value| value.trim_start().to_owned())
            };
            Some(SseEvent { name: field("event:")?, id: field("id:")?, data: field("data:")? })
        })
        .collect()
}
