//! Who writes the artifacts: `[[providers]]` of `aether.toml`, and the one that `OPENAI_API_KEY` and `OPENAI_BASE_URL` make.
//! Read strictly: a mistake stops the start with one line that names the setting, and no line ever shows a key.

use secrecy::SecretString;
use toml::{Table, Value};
use url::Url;

use crate::{
    config::{Process, SettingError, Sources},
    section::{Section, kind, wrong},
};

/// An OpenAI-compatible server.
#[derive(Clone, Debug)]
pub struct ProviderSetting {
    /// As `metadata.provider` tells it; unique.
    pub name: String,
    /// Up to and with the version, such as `/v1`, without a slash at its end.
    pub base_url: Url,
    /// Sent as the bearer.
    pub api_key: Option<SecretString>,
    /// Calls at once from one process.
    pub max_concurrent: usize,
    /// The models that it has; empty: it takes any name.
    pub models: Vec<ModelSetting>,
}

/// A model that a provider has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSetting {
    /// The name that a request's `model` takes.
    pub id: String,
    /// The name that the provider knows; `None`: the same.
    pub upstream: Option<String>,
    /// How many tokens it can read and write together.
    pub context_tokens: Option<u64>,
    /// How many tokens it writes at most in one answer.
    pub max_output_tokens: Option<u64>,
    /// Micro-dollars for a million tokens read, which is picodollars a token: exact. Never negative.
    pub input_micros_per_million: Option<i64>,
    /// Micro-dollars for a million tokens written. Never negative.
    pub output_micros_per_million: Option<i64>,
}

/// The section for `aether.example.toml`; a test reads it.
pub const EXAMPLE: &str = r#"[[providers]]
name = "local"                           # a-z, 0-9 and -; metadata.provider tells it
base_url = "http://127.0.0.1:11434/v1"   # with its version
max_concurrent = 4                       # calls at once from one process; 512 when left out
# no models are listed: it takes any model name

[[providers]]
name = "cloud"
base_url = "https://llm.example.org/v1"
api_key_env = "CLOUD_API_KEY"            # the NAME of the variable that holds the key; left out: no key

[[providers.models]]
id = "big-model"                         # what a request names
upstream = "vendor/big-model-2"          # its name at this provider, when that is another
context_tokens = 200000                  # read and written together
max_output_tokens = 32000                # written at most in one answer
input_usd_per_million = 1.25             # prices, with six decimals at most; left out: unknown, counted as 0
output_usd_per_million = 10

[[providers.models]]
id = "small-model"
context_tokens = 128000
input_usd_per_million = 0.15
output_usd_per_million = 0.6
"#;

const USUAL_CONCURRENT: usize = 512;
const OPENAI_URL: &str = "https://api.openai.com/v1";
const URL_MAY: &str = "an http:// or https:// URL with its version and no user, password or query, such as `https://api.openai.com/v1`";
const MODEL_MAY: &str = "a model's name: 1 to 200 visible ASCII characters";

/// The providers in failover order; none: the built-in demo model.
pub(crate) fn read(from: &Sources, process: Process) -> Result<Vec<ProviderSetting>, SettingError> {
    let mut providers = Vec::new();
    for (index, value) in entries(from)?.iter().enumerate() {
        let provider = provider(&Section::new(format!("providers[{index}]"), value)?, from, process)?;
        if providers.iter().any(|other: &ProviderSetting| other.name == provider.name) {
            return Err(wrong(
                format!("providers[{index}].name"),
                format!("`{}` a second time", provider.name),
                "a name that no other provider has",
            ));
        }
        providers.push(provider);
    }
    let key = from.get("OPENAI_API_KEY").map(SecretString::from);
    let base_url = env_url(from)?;
    let set = key.is_some() || base_url.is_some();
    if set && providers.iter().all(|provider| provider.name != "openai") {
        let openai = ProviderSetting {
            name: "openai".into(),
            base_url: base_url.map_or_else(|| usual_url("OPENAI_BASE_URL"), Ok)?,
            api_key: key,
            max_concurrent: USUAL_CONCURRENT,
            models: Vec::new(),
        };
        providers.insert(0, openai);
    }
    Ok(providers)
}

/// The models for complex and for simple requests: as set; else the two of the demo model; else, when the first provider is
/// OpenAI or nobody lists models, OpenAI's; else the first listed, and the cheapest listed (the last one of the first
/// provider that lists any, when a price is missing).
pub(crate) fn choose_models(
    from: &Sources,
    providers: &[ProviderSetting],
) -> Result<(String, String), SettingError> {
    let listed: Vec<&ModelSetting> = providers.iter().flat_map(|provider| &provider.models).collect();
    let is_openai = |first: &ProviderSetting| first.name == "openai" && first.models.is_empty();
    let (complex, simple) = match (providers.first(), listed.first()) {
        (None, _) => ("aether-demo", "aether-demo-mini"),
        (Some(first), Some(complex)) if !is_openai(first) => {
            (complex.id.as_str(), simple(providers, &listed))
        }
        _ => ("gpt-5.1", "gpt-5-mini"),
    };
    let open = providers.iter().any(|provider| provider.models.is_empty());
    let choose = |name: &'static str, usual: &str| {
        let model = from.get(name).unwrap_or(usual);
        let known = if providers.is_empty() {
            ["aether-demo", "aether-demo-mini"].contains(&model)
        } else {
            open || listed.iter().any(|listed| listed.id == model)
        };
        if known {
            return Ok(model.to_owned());
        }
        let mut names: Vec<&str> = listed.iter().map(|model| model.id.as_str()).collect();
        if providers.is_empty() {
            names = vec!["aether-demo", "aether-demo-mini"];
        }
        names.dedup();
        names.truncate(10);
        let may = format!("a model that a provider has: `{}`", names.join("`, `"));
        let may = if providers.is_empty() { format!("{may}, or any once a provider is set") } else { may };
        Err(from.wrong(name, may))
    };
    Ok((choose("AETHER_MODEL_COMPLEX", complex)?, choose("AETHER_MODEL_SIMPLE", simple)?))
}

fn simple<'a>(providers: &'a [ProviderSetting], listed: &[&'a ModelSetting]) -> &'a str {
    let price =
        |model: &ModelSetting| Some(model.input_micros_per_million? + model.output_micros_per_million?);
    let prices: Option<Vec<(i64, &str)>> =
        listed.iter().map(|model| Some((price(model)?, model.id.as_str()))).collect();
    let cheapest = prices.and_then(|prices| prices.into_iter().min_by_key(|(price, _)| *price));
    let last = providers.iter().find_map(|provider| provider.models.last());
    cheapest.map_or_else(|| last.map_or("", |model| model.id.as_str()), |(_, id)| id)
}

/// The variables that hold keys, so that they are read from the environment.
pub(crate) fn key_names(file: &Table) -> Vec<String> {
    let providers = file.get("providers").and_then(Value::as_array);
    let names = providers.into_iter().flatten().filter_map(|provider| provider.get("api_key_env")?.as_str());
    names.map(str::to_owned).collect()
}

fn entries(from: &Sources) -> Result<&[Value], SettingError> {
    match from.file().get("providers") {
        None => Ok(&[]),
        Some(Value::Array(entries)) => Ok(entries),
        Some(other) => Err(wrong("providers", kind(other), "sections that begin with `[[providers]]`")),
    }
}

fn provider(
    section: &Section<'_>,
    from: &Sources,
    process: Process,
) -> Result<ProviderSetting, SettingError> {
    section.only(&["name", "base_url", "api_key_env", "max_concurrent", "models"])?;
    let may = "1 to 32 of the characters a-z, 0-9 and -";
    let name = section.text("name", may)?.ok_or_else(|| section.wrong("name", may))?;
    let is_name = |name: &str| {
        (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !is_name(name) {
        return Err(section.wrong("name", may));
    }
    let is_openai = name == "openai";
    let base_url = match section.text("base_url", URL_MAY)? {
        Some(text) => clean_url(text).ok_or_else(|| {
            let holds = if text.contains(['@', '?', '#']) {
                "a URL with more than host and path".into()
            } else {
                format!("`{text}`")
            };
            wrong(section.at("base_url"), holds, URL_MAY)
        })?,
        None if is_openai => env_url(from)?.map_or_else(|| usual_url("OPENAI_BASE_URL"), Ok)?,
        None => return Err(section.wrong("base_url", URL_MAY)),
    };
    let max_concurrent = section.number("max_concurrent", 10_000)?;
    Ok(ProviderSetting {
        name: name.to_owned(),
        base_url,
        api_key: key(section, from, process, is_openai)?,
        max_concurrent: max_concurrent
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(USUAL_CONCURRENT),
        models: models(section)?,
    })
}

fn key(
    section: &Section<'_>,
    from: &Sources,
    process: Process,
    is_openai: bool,
) -> Result<Option<SecretString>, SettingError> {
    let may = "the name of a variable of the environment (A-Z, 0-9 and _), never the key itself";
    let Some(name) = section.text("api_key_env", may)? else {
        let usual = if is_openai { from.get("OPENAI_API_KEY") } else { None };
        return Ok(usual.map(SecretString::from));
    };
    let is_name = name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name {
        // It may be the key.
        return Err(wrong(section.at("api_key_env"), "what is not such a name", may));
    }
    match from.get(name) {
        Some(key) if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(key.into())),
        Some(_) => Err(wrong(
            section.at("api_key_env"),
            format!("the name of `{name}`, which is set to what cannot be a key"),
            "the name of a variable that holds a key of visible ASCII characters",
        )),
        // Only they call providers: the others need no key.
        None if !matches!(process, Process::Aether | Process::Generation) => Ok(None),
        None => Err(wrong(
            section.at("api_key_env"),
            format!("`{name}`, which is not set in the environment"),
            "the name of a variable that is set",
        )),
    }
}

fn models(section: &Section<'_>) -> Result<Vec<ModelSetting>, SettingError> {
    let entries = match section.table.get("models") {
        None => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(other) => {
            return Err(wrong(
                section.at("models"),
                kind(other),
                "sections that begin with `[[providers.models]]`",
            ));
        }
    };
    let mut models: Vec<ModelSetting> = Vec::new();
    for (index, value) in entries.iter().enumerate() {
        let section = Section::new(section.at(&format!("models[{index}]")), value)?;
        let model = model(&section)?;
        if models.iter().any(|other| other.id == model.id) {
            return Err(wrong(
                section.at("id"),
                format!("`{}` a second time", model.id),
                "a name that no other model of the provider has",
            ));
        }
        models.push(model);
    }
    Ok(models)
}

fn model(section: &Section<'_>) -> Result<ModelSetting, SettingError> {
    section.only(&[
        "id",
        "upstream",
        "context_tokens",
        "max_output_tokens",
        "input_usd_per_million",
        "output_usd_per_million",
    ])?;
    let name = |key| {
        let text = section.text(key, MODEL_MAY)?;
        match text {
            Some(text) if (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) => {
                Ok(Some(text.to_owned()))
            }
            Some(_) => Err(section.wrong(key, MODEL_MAY)),
            None => Ok(None),
        }
    };
    let model = ModelSetting {
        id: name("id")?.ok_or_else(|| section.wrong("id", MODEL_MAY))?,
        upstream: name("upstream")?,
        context_tokens: section.number("context_tokens", 1_000_000_000)?,
        max_output_tokens: section.number("max_output_tokens", 1_000_000_000)?,
        input_micros_per_million: section.price("input_usd_per_million")?,
        output_micros_per_million: section.price("output_usd_per_million")?,
    };
    if model.max_output_tokens > model.context_tokens && model.context_tokens.is_some() {
        return Err(section.wrong("max_output_tokens", "no more than context_tokens"));
    }
    Ok(model)
}

fn clean_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim().trim_end_matches('/')).ok()?;
    let clean = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    clean.then_some(url)
}

fn env_url(from: &Sources) -> Result<Option<Url>, SettingError> {
    let Some(text) = from.get("OPENAI_BASE_URL") else { return Ok(None) };
    match clean_url(text) {
        Some(url) => Ok(Some(url)),
        None if text.contains(['@', '?', '#']) => {
            Err(wrong("OPENAI_BASE_URL", "a URL with more than host and path", URL_MAY))
        }
        None => Err(from.wrong("OPENAI_BASE_URL", URL_MAY)),
    }
}

fn usual_url(name: &'static str) -> Result<Url, SettingError> {
    Url::parse(OPENAI_URL).map_err(|_| wrong(name, "nothing", URL_MAY))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::config::Settings;

    fn load<const N: usize>(file: &str, pairs: [(&str, &str); N]) -> Result<Settings, String> {
        let from = Sources::from_file(file).map_err(|error| error.to_string())?.with(pairs);
        Settings::from_sources(Process::Aether, &from).map_err(|error| error.to_string())
    }

    #[test]
    fn the_section_of_the_example_file_works_when_its_signs_are_taken_away() {
        let example = crate::example::toml();
        let start = example.find("# [[providers]]").unwrap();
        let lines = example[start..].lines();
        let section: Vec<&str> =
            lines.map(|line| line.strip_prefix("# ").or_else(|| line.strip_prefix('#')).unwrap()).collect();
        let settings = load(&section.join("\n"), [("CLOUD_API_KEY", "k")]).unwrap();
        let names: Vec<_> = settings.providers.iter().map(|provider| provider.name.as_str()).collect();
        assert_eq!(names, ["local", "cloud"]);
        let [local, cloud] = &settings.providers[..] else { panic!("two") };
        assert_eq!((local.max_concurrent, cloud.max_concurrent), (4, 512));
        assert!(local.models.is_empty() && local.api_key.is_none());
        assert_eq!(cloud.api_key.as_ref().unwrap().expose_secret(), "k");
        assert_eq!(
            cloud.models[0],
            ModelSetting {
                id: "big-model".into(),
                upstream: Some("vendor/big-model-2".into()),
                context_tokens: Some(200_000),
                max_output_tokens: Some(32_000),
                input_micros_per_million: Some(1_250_000),
                output_micros_per_million: Some(10_000_000),
            }
        );
        assert_eq!(cloud.models[1].input_micros_per_million, Some(150_000));
        assert_eq!(
            (settings.model_complex.as_str(), settings.model_simple.as_str()),
            ("big-model", "small-model")
        );
    }

    const GOOD: &str = "[[providers]]\nname = \"a\"\nbase_url = \"http://a/v1\"\n";

    #[test]
    fn a_mistake_is_one_line_that_names_the_setting_and_what_it_may_hold() {
        let model = |text: &str| format!("{GOOD}[[providers.models]]\nid = \"m\"\n{text}");
        for (file, says) in [
            (
                "providers = 3".into(),
                "providers holds a number; it may hold sections that begin with `[[providers]]`",
            ),
            ("providers = [3]".into(), "providers[0] holds a number"),
            ("[providers]\nname = \"a\"".into(), "providers holds a section"),
            ("[[provider]]\nname = \"a\"".into(), "aether.toml holds the unknown key `provider`"),
            ("a = 1\nb = \nc = 3".into(), "aether.toml holds a mistake in line 2"),
            (
                "[[providers]]".into(),
                "providers[0].name holds nothing; it may hold 1 to 32 of the characters a-z, 0-9 and -",
            ),
            ("[[providers]]\nname = \"A b\"".into(), "providers[0].name holds `A b`"),
            ("[[providers]]\nname = 7".into(), "providers[0].name holds a number"),
            ("[[providers]]\nname = \"a\"".into(), "providers[0].base_url holds nothing"),
            (format!("{GOOD}{GOOD}"), "providers[1].name holds `a` a second time"),
            (
                format!("{GOOD}url = \"x\""),
                "providers[0] holds the unknown key `url`; it may hold `name`, `base_url`",
            ),
            (
                GOOD.replace("http://a/v1", "ftp://a"),
                "providers[0].base_url holds `ftp://a`; it may hold an http:// or https:// URL",
            ),
            (GOOD.replace("http://a/v1", "a/v1"), "providers[0].base_url holds `a/v1`"),
            (
                format!("{GOOD}max_concurrent = 0"),
                "providers[0].max_concurrent holds `0`; it may hold a whole number from 1 to 10000",
            ),
            (format!("{GOOD}max_concurrent = 1.5"), "providers[0].max_concurrent holds `1.5`"),
            (
                format!("{GOOD}api_key_env = \"NOT_SET\""),
                "providers[0].api_key_env holds `NOT_SET`, which is not set in the environment",
            ),
            (format!("{GOOD}[[providers.models]]"), "providers[0].models[0].id holds nothing"),
            (format!("{GOOD}models = [\"m\"]"), "providers[0].models[0] holds a text"),
            (model("[[providers.models]]\nid = \"m\""), "providers[0].models[1].id holds `m` a second time"),
            (model("context = 3"), "providers[0].models[0] holds the unknown key `context`"),
            (model("upstream = \"\""), "providers[0].models[0].upstream holds ``"),
            (model("context_tokens = -1"), "providers[0].models[0].context_tokens holds `-1`"),
            (
                model("context_tokens = 10\nmax_output_tokens = 11"),
                "max_output_tokens holds `11`; it may hold no more than",
            ),
            (
                model("input_usd_per_million = -0.5"),
                "providers[0].models[0].input_usd_per_million holds `-0.5`; it may hold US dollars",
            ),
            (model("output_usd_per_million = 0.0000001"), "with six decimals at most"),
            (model("output_usd_per_million = nan"), "output_usd_per_million holds `nan`"),
            (model("output_usd_per_million = 1e300"), "output_usd_per_million"),
            (model("output_usd_per_million = true"), "output_usd_per_million holds `true`"),
        ] as [(String, &str); 28]
        {
            let error = load(&file, []).unwrap_err();
            assert!(error.contains(says), "{error}\nshould say\n{says}");
            assert!(!error.contains('\n') && error.contains("; it may hold "), "{error}");
        }
    }

    #[test]
    fn no_error_shows_a_key() {
        for file in [
            format!("{GOOD}api_key_env = \"sk-hunter2\""),
            format!("{GOOD}api_key = \"sk-hunter2\""),
            format!("{GOOD}api_key_env = [\"sk-hunter2\"]"),
            GOOD.replace("http://a/v1", "https://user:sk-hunter2@a/v1"),
            GOOD.replace("http://a/v1", "https://a/v1?key=sk-hunter2"),
            format!("{GOOD}api_key_env = \"BAD_KEY\""),
        ] {
            let error = load(&file, [("BAD_KEY", "sk-hunter2\u{7}x")]).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        for url in ["https://u:sk-hunter2@a/v1", "nonsense?sk-hunter2"] {
            let error = load("", [("OPENAI_BASE_URL", url)]).unwrap_err();
            assert!(error.contains("OPENAI_BASE_URL") && !error.contains("hunter2"), "{error}");
        }
        let settings = load(&format!("{GOOD}api_key_env = \"K\""), [("K", "sk-hunter2")]).unwrap();
        assert!(!format!("{:?}", settings.providers).contains("hunter2"));
    }

    #[test]
    fn the_environment_makes_a_provider_in_front_or_fills_in_the_one_of_its_name() {
        let tell = |settings: &Settings| -> Vec<String> {
            let one = |provider: &ProviderSetting| {
                let key = provider.api_key.as_ref().map_or("-", |key| key.expose_secret());
                format!("{} {} {key}", provider.name, provider.base_url)
            };
            settings.providers.iter().map(one).collect()
        };
        assert!(load("", []).unwrap().providers.is_empty());
        let both = load(GOOD, [("OPENAI_API_KEY", "k")]).unwrap();
        assert_eq!(tell(&both), ["openai https://api.openai.com/v1 k", "a http://a/v1 -"]);
        assert_eq!(both.model_complex, "gpt-5.1");
        let local = load("", [("OPENAI_BASE_URL", "http://127.0.0.1:1/v1/")]).unwrap();
        assert_eq!(tell(&local), ["openai http://127.0.0.1:1/v1 -"]);
        let named = format!("{GOOD}[[providers]]\nname = \"openai\"");
        let second = load(&named, [("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://b/v1")]).unwrap();
        assert_eq!(tell(&second), ["a http://a/v1 -", "openai http://b/v1 k"]);
        let own = format!("{named}\nbase_url = \"http://c/v1\"\napi_key_env = \"OWN\"");
        let own =
            load(&own, [("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://b/v1"), ("OWN", "o")]).unwrap();
        assert_eq!(tell(&own), ["a http://a/v1 -", "openai http://c/v1 o"]);
    }

    #[test]
    fn the_models_for_complex_and_simple_requests_follow_from_the_list() {
        let list = |models: &str| format!("{GOOD}{models}");
        let model = |id: &str, price: &str| format!("[[providers.models]]\nid = \"{id}\"\n{price}");
        let dear = "input_usd_per_million = 3\noutput_usd_per_million = 15\n";
        let cheap = "input_usd_per_million = 0.1\noutput_usd_per_million = 0.4\n";
        let priced = list(&(model("big", dear) + &model("tiny", cheap) + &model("mid", dear)));
        let unpriced = list(&(model("big", dear) + &model("tiny", cheap) + &model("mid", "")));
        let chosen = |settings: Settings| (settings.model_complex, settings.model_simple);
        let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
        assert_eq!(chosen(load("", []).unwrap()), pair("aether-demo", "aether-demo-mini"));
        assert_eq!(chosen(load(GOOD, []).unwrap()), pair("gpt-5.1", "gpt-5-mini"));
        assert_eq!(chosen(load(&priced, []).unwrap()), pair("big", "tiny"));
        assert_eq!(chosen(load(&unpriced, []).unwrap()), pair("big", "mid"));
        assert_eq!(chosen(load(&priced, [("AETHER_MODEL_SIMPLE", "mid")]).unwrap()), pair("big", "mid"));
        let error = load(&priced, [("AETHER_MODEL_COMPLEX", "gpt-x")]).unwrap_err();
        assert_eq!(
            error,
            "AETHER_MODEL_COMPLEX holds `gpt-x`; it may hold a model that a provider has: `big`, `tiny`, `mid`"
        );
        let open = load(&priced, [("AETHER_MODEL_COMPLEX", "gpt-x"), ("OPENAI_API_KEY", "k")]).unwrap();
        assert_eq!(open.model_complex, "gpt-x");
        assert!(load("", [("AETHER_MODEL_SIMPLE", "gpt-x")]).unwrap_err().contains("once a provider is set"));
    }

    #[test]
    fn a_service_that_calls_no_provider_needs_no_key() {
        let file = format!("{GOOD}api_key_env = \"NOT_HERE\"");
        let from = Sources::from_file(&file).unwrap();
        assert!(Settings::from_sources(Process::Auth, &from).is_ok());
        assert!(Settings::from_sources(Process::Generation, &from).is_err());
        assert_eq!(key_names(from.file()), ["NOT_HERE"]);
    }
}
