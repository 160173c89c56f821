//! What an API key may do. Who signed in by themselves may do all that their role may.

use serde::{Deserialize, Serialize};

/// One thing that an API key may be allowed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
pub enum Scope {
    /// Read one's generations, their files, models and usage.
    #[serde(rename = "generations:read")]
    GenerationsRead,
    /// Start, stop, edit and delete one's generations; upload files.
    #[serde(rename = "generations:write")]
    GenerationsWrite,
    /// Read the rooms one is in.
    #[serde(rename = "rooms:read")]
    RoomsRead,
    /// Make rooms, write in them and manage them.
    #[serde(rename = "rooms:write")]
    RoomsWrite,
    /// Read one's own account.
    #[serde(rename = "profile:read")]
    ProfileRead,
}

/// The scopes of an API key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(u8);

/// What whoever calls may do, besides what their role may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything: a person who signed in.
    Session,
    /// What the API key's scopes say, and nothing else.
    Key(ScopeSet),
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 5] =
        [Self::GenerationsRead, Self::GenerationsWrite, Self::RoomsRead, Self::RoomsWrite, Self::ProfileRead];

    /// The word that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GenerationsRead => "generations:read",
            Self::GenerationsWrite => "generations:write",
            Self::RoomsRead => "rooms:read",
            Self::RoomsWrite => "rooms:write",
            Self::ProfileRead => "profile:read",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl ScopeSet {
    /// Whether the scope is among them.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// The stored form: words with blanks between them.
    pub fn to_words(self) -> String {
        self.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads the stored form; a word that this version does not know allows nothing.
    pub fn from_words(words: &str) -> Self {
        words.split(' ').filter_map(Scope::parse).collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | scope.bit()))
    }
}

impl Access {
    /// Whether this may be done.
    pub fn allows(self, scope: Scope) -> bool {
        match self {
            Self::Session => true,
            Self::Key(scopes) => scopes.contains(scope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_survives_the_trip_and_knows_what_is_in_it() {
        let set: ScopeSet = [Scope::RoomsWrite, Scope::GenerationsRead].into_iter().collect();
        assert_eq!(set.to_words(), "generations:read rooms:write");
        assert_eq!(ScopeSet::from_words("generations:read rooms:write later:scope"), set);
        assert!(set.contains(Scope::RoomsWrite) && !set.contains(Scope::RoomsRead));
        assert!(ScopeSet::from_words("").is_empty());
    }

    #[test]
    fn the_stored_word_is_the_sent_one() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
    }
}
