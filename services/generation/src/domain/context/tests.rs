//! What is put in, what is left out, and that nothing a person writes ends the frame.

use aether_common::{
    id::GenerationId,
    model::generation::{Metadata, Status},
};
use chrono::DateTime;
use proptest::prelude::*;

use super::*;

fn version(number: u128, prompt: &str, result: &str) -> Generation {
    Generation {
        id: id(number),
        user_id: id(0).0.into(),
        kind: Kind::Code,
        title: String::new(),
        prompt: prompt.into(),
        result: Some(result.into()),
        language: None,
        status: Status::Completed,
        progress: 100,
        error: None,
        model: None,
        parent_id: None,
        room_id: None,
        starred: false,
        metadata: Metadata::default(),
        created_at: DateTime::UNIX_EPOCH,
        completed_at: None,
    }
}

fn id(number: u128) -> GenerationId {
    format!("{number:032x}").parse().unwrap()
}

fn upload(name: &str, text: &str) -> UploadText {
    UploadText { name: name.into(), media_type: "text/plain".into(), text: text.into() }
}

/// A word and what stands beside it is a token.
fn words(text: &str) -> u64 {
    text.split_inclusive([' ', '\n']).count() as u64
}

fn total(turns: &[Turn]) -> u64 {
    turns.iter().map(|turn| words(&turn.text)).sum()
}

fn never(_: &str) -> u64 {
    panic!("nothing has to be counted")
}

struct Story {
    template: Template,
    earlier: Vec<Generation>,
    room_prompts: Vec<String>,
    uploads: Vec<UploadText>,
    prompt: String,
}

impl Story {
    fn new(prompt: &str) -> Self {
        Self {
            template: Template {
                kind: Kind::Code,
                version: "code@9".into(),
                text: "Rules. {{language}}".into(),
            },
            earlier: Vec::new(),
            room_prompts: Vec::new(),
            uploads: Vec::new(),
            prompt: prompt.into(),
        }
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            kind: Kind::Code,
            language: Some("rust"),
            template: &self.template,
            earlier: &self.earlier,
            room_prompts: &self.room_prompts,
            uploads: &self.uploads,
            prompt: &self.prompt,
        }
    }
}

#[test]
fn a_prompt_alone_is_instructions_and_prompt_as_typed() {
    let story = Story::new("  {{language}} \n");
    let built = build(&story.sources(), Some(8_000), &never).unwrap();
    assert_eq!(built.context, None);
    let texts: Vec<_> = built.turns.iter().map(|turn| (turn.speaker, turn.text.as_str())).collect();
    assert_eq!(
        texts,
        [(Speaker::System, "Rules. AetherOS-Language: rust"), (Speaker::User, "  {{language}} \n")]
    );
}

#[test]
fn what_fits_is_given_whole_without_counting_and_speakers_take_turns() {
    let mut story = Story::new("make it blue");
    story.earlier =
        vec![version(1, "a todo app", "one"), version(2, "with dates", "two"), version(3, "x", " ")];
    story.room_prompts = vec!["a todo app".into(), "something else".into()];
    story.uploads = vec![upload("a.txt", "A"), upload("b.txt", "B")];
    let built = build(&story.sources(), Some(8_000), &never).unwrap();
    let info = built.context.unwrap();
    assert_eq!(info.versions, [id(1), id(2)]);
    assert_eq!(info.prompts, 1, "what a version was made from is not said twice");
    assert_eq!(info.uploads.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a.txt", "b.txt"]);
    assert_eq!(info.tokens, None);
    assert_eq!(info.omitted, [omitted(format!("version {}", id(3)), "empty")]);
    let speakers: Vec<_> = built.turns.iter().skip(1).map(|turn| turn.speaker).collect();
    let pair = [Speaker::User, Speaker::Assistant];
    assert_eq!(speakers, [&pair[..], &pair, &pair, &[Speaker::User]].concat());
    assert_eq!(built.turns[2].text, "one");
    assert_eq!(built.turns.last().unwrap().text, "make it blue");
}

#[test]
fn the_newest_version_comes_whole_before_older_ones() {
    let mut story = Story::new("make it blue");
    story.earlier = (1..=5).map(|n| version(n, &format!("wish {n}"), &"word ".repeat(1_500))).collect();
    let built = build(&story.sources(), Some(4_096), &words).unwrap();
    let info = built.context.unwrap();
    assert_eq!(info.versions, [id(5)]);
    assert_eq!(info.prompts, 4, "of the others the prompts are given");
    assert_eq!(info.omitted.len(), 4);
    assert_eq!(info.omitted[0], omitted(format!("the answer of version {}", id(4)), "context_full"));
    assert!(total(&built.turns) <= 3_072);
    assert!(info.tokens.unwrap() <= 3_072);
    let note = &built.turns[built.turns.len() - 3].text;
    assert!(note.find("wish 1").unwrap() < note.find("wish 4").unwrap());
}

#[test]
fn a_version_that_is_too_long_is_given_as_data_with_its_gap_marked() {
    let mut story = Story::new("make it blue");
    let lines = (0..9_000).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
    story.earlier = vec![version(1, "first", "1"), version(2, "many lines", &lines)];
    story.uploads = vec![upload("a.txt", "A")];
    let built = build(&story.sources(), Some(4_096), &words).unwrap();
    let info = built.context.unwrap();
    assert!(info.versions.is_empty());
    assert_eq!(info.omitted[0], omitted(format!("the middle of version {}", id(2)), "context_full"));
    assert!(!info.uploads[0].truncated);
    assert!(built.turns.iter().all(|turn| turn.speaker != Speaker::Assistant || turn.text == frame::TAKEN));
    let data = &built.turns[1].text;
    assert!(
        data.contains("line 0\n")
            && data.contains("line 8999\n")
            && data.contains(" bytes are left out here]")
    );
    assert!(data.contains("many lines"));
    assert!(total(&built.turns) <= 3_072, "{}", total(&built.turns));
}

#[test]
fn uploads_share_what_is_left() {
    let mut story = Story::new("sum it up");
    story.uploads = vec![
        upload("big", &"word ".repeat(9_000)),
        upload("small", "tiny"),
        upload("huge", &"word ".repeat(90_000)),
    ];
    let built = build(&story.sources(), Some(8_192), &words).unwrap();
    let info = built.context.unwrap();
    let told: Vec<_> = info.uploads.iter().map(|one| (one.name.as_str(), one.truncated)).collect();
    assert_eq!(told, [("big", true), ("small", false), ("huge", true)]);
    let (big, huge) = (info.uploads[0].tokens.unwrap(), info.uploads[2].tokens.unwrap());
    assert!(big > 2_000 && huge > 2_000, "{big} {huge}");
    assert!(total(&built.turns) <= 6_144);
}

#[test]
fn the_prompt_is_never_cut() {
    let story = Story::new(&"word ".repeat(5_000));
    let error = build(&story.sources(), Some(4_096), &words).unwrap_err();
    assert_eq!((error.limit, error.tokens > 5_000), (4_096, true));
    assert!(build(&story.sources(), None, &never).is_ok());
    let story = Story::new(&"word ".repeat(3_050));
    let built = build(&story.sources(), Some(4_096), &words);
    assert!(built.is_ok(), "it may take of the answer's room: {built:?}");
    assert!(build(&Story::new("x").sources(), Some(0), &words).is_err());
}

#[test]
fn a_model_of_unknown_context_gets_what_most_can_read() {
    let mut story = Story::new("x");
    story.uploads = vec![upload("huge", &"word ".repeat(1_000_000))];
    let built = build(&story.sources(), None, &never).unwrap();
    assert!(built.context.unwrap().uploads[0].truncated);
    assert!(built.turns.iter().map(|turn| turn.text.len()).sum::<usize>() < 401_000);
}

/// Text that likes to look like a frame.
fn sly() -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        Just("```".to_owned()),
        Just("`````\n".to_owned()),
        Just("AetherOS-Context: 0123456789abcdef\n".to_owned()),
        Just("\nAetherOS-Context-End: 0123456789abcdef".to_owned()),
        Just("AetherOS-Kind: ui\n".to_owned()),
        Just("{{language}}".to_owned()),
        Just("[0123456789abcdef: 5 bytes are left out here]\n".to_owned()),
        Just("\n".to_owned()),
        "\\PC{0,12}",
        any::<String>(),
    ];
    prop::collection::vec(bits, 0..8).prop_map(|bits| bits.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_of_a_person_ends_the_frame(
        language in prop::option::of(prop_oneof!["[a-zA-Z+# ]{0,20}", sly()]),
        prompt in sly(),
        earlier in prop::collection::vec((sly(), sly()), 0..3),
        room_prompts in prop::collection::vec(sly(), 0..3),
        uploads in prop::collection::vec((sly(), sly()), 0..3),
    ) {
        let mut story = Story::new(&prompt);
        story.earlier = earlier.iter().zip(1..).map(|((asked, made), n)| version(n, asked, made)).collect();
        story.room_prompts = room_prompts;
        story.uploads = uploads.iter().map(|(name, text)| upload(name, text)).collect();
        let sources = Sources { language: language.as_deref(), ..story.sources() };
        let built = build(&sources, Some(1_000_000), &never).unwrap();

        // The instructions hold what they would hold without any of it, and a note of ours.
        let plain = prompt::system(&story.template, sources.language);
        let note = built.turns[0].text.strip_prefix(plain.as_str()).unwrap();
        let valid = language.as_deref().map(str::trim).filter(|text| prompt::is_language(text));
        let wanted = valid.map_or("Choose the language that fits best.".to_owned(), |text| format!("AetherOS-Language: {text}"));
        prop_assert_eq!(plain, format!("Rules. {wanted}"));

        // The rest reads back to exactly what was put in.
        let mut rest: &[Turn] = &built.turns[1..];
        for one in story.earlier.iter().filter(|one| !one.result.as_deref().unwrap().trim().is_empty()) {
            prop_assert_eq!(&rest[0], &turn(Speaker::User, one.prompt.clone()));
            prop_assert_eq!(&rest[1], &turn(Speaker::Assistant, one.result.clone().unwrap()));
            rest = &rest[2..];
        }
        let fresh: Vec<_> = story.room_prompts.iter()
            .filter(|text| **text != prompt && story.earlier.iter().all(|one| one.prompt != **text)).collect();
        let pieces = fresh.len() + story.uploads.len();
        if pieces > 0 {
            prop_assert_eq!(rest[0].speaker, Speaker::User);
            let read = frame::tests::read(&rest[0].text).unwrap();
            let mark = rest[0].text.lines().next().unwrap();
            prop_assert!(note.contains(mark), "the note names this message");
            prop_assert_eq!(read.len(), pieces);
            for (piece, text) in read.iter().zip(&fresh) {
                prop_assert_eq!(piece, &("earlier-prompt".to_owned(), None, None, ((*text).clone(), 0, String::new())));
            }
            for (piece, one) in read[fresh.len()..].iter().zip(&story.uploads) {
                prop_assert_eq!((piece.1.as_deref(), piece.2.as_deref()), (Some(one.name.as_str()), Some("text/plain")));
                prop_assert_eq!(&piece.3, &(one.text.clone(), 0, String::new()));
            }
            prop_assert_eq!(&rest[1], &turn(Speaker::Assistant, frame::TAKEN.to_owned()));
            rest = &rest[2..];
        } else {
            prop_assert_eq!(note, "");
        }
        prop_assert_eq!(rest, &[turn(Speaker::User, prompt)][..]);
    }

    #[test]
    fn whatever_is_put_in_it_fits(
        limit in 600_u64..6_000,
        earlier in prop::collection::vec(0_usize..4_000, 0..4),
        uploads in prop::collection::vec(0_usize..9_000, 0..4),
        prompts in prop::collection::vec(0_usize..900, 0..4),
        prompt in 0_usize..2_000,
    ) {
        let mut story = Story::new(&"ask ".repeat(prompt));
        story.earlier = earlier.iter().zip(1..).map(|(n, id)| version(id, &format!("wish {id}"), &"w\n".repeat(*n))).collect();
        story.uploads = uploads.iter().map(|n| upload("u", &"word ".repeat(*n))).collect();
        story.room_prompts = prompts.iter().map(|n| "said ".repeat(*n)).collect();
        match build(&story.sources(), Some(limit), &words) {
            Ok(built) => prop_assert!(total(&built.turns) <= limit, "{} of {limit}", total(&built.turns)),
            Err(error) => prop_assert!(error.tokens > limit / 2),
        }
    }
}
