//! A log line as the seeds draw it: `{timestamp, level, service, traceId, userId, event, metadata, message}`. Fields named
//! `trace_id`, `user.id` and `event` of the event or of a span around it go to their places; the others are `metadata`.

use std::{fmt::Debug, io::Write};

use aether_common::clock::Clock;
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// A longer value is cut: a log line must not carry a whole prompt or body.
const MAX_VALUE_BYTES: usize = 2048;

/// Writes JSON lines to standard output.
pub struct JsonLine {
    service: &'static str,
    clock: Clock,
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl JsonLine {
    pub fn new(service: &'static str) -> Self {
        Self { service, clock: Clock::system() }
    }

    fn line(&self, event: &Event<'_>, mut fields: Map<String, Value>) -> String {
        let mut take = |name: &str| fields.remove(name).unwrap_or(Value::Null);
        let (trace_id, user_id) = (take("trace_id"), take("user.id"));
        let (kind, message) = (take("event"), take("message"));
        let line = serde_json::json!({
            "timestamp": self.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "level": event.metadata().level().as_str().to_lowercase(),
            "service": self.service,
            "traceId": trace_id,
            "userId": user_id,
            "event": if kind.is_null() { Value::from(event.metadata().target()) } else { kind },
            "metadata": fields,
            "message": message,
        });
        line.to_string()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLine {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in
            context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.0.clone());
            }
        }
        event.record(&mut fields);
        let mut line = self.line(event, fields.0);
        line.push('\n');
        // Whoever closed our standard output no longer wants the log.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
}

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let end = value.floor_char_boundary(MAX_VALUE_BYTES);
        self.put(field, &value[..end]);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}
