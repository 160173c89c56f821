//! What rooms, messages and invites promise, on both databases: only members see, ids grow, nothing is kept twice.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use aether_common::{
    clock::Clock,
    id::{Ids, MessageId, RoomId, RowId, UserId},
    model::{
        room::{Message, RoomRole},
        user::Role,
    },
    page::Cursor,
};
use aether_store::{
    Store,
    invites::{self, Invite},
    messages::{self, Kept, NewMessage},
    rooms,
    users::{self, NewUser},
};
use aether_testkit::databases;
use chrono::TimeDelta;
use uuid::Uuid;

async fn user(store: &Store, name: &str) -> UserId {
    let id: UserId = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    let new = NewUser {
        id,
        email: format!("{}@example.org", id.0.simple()),
        password_hash: None,
        name: name.into(),
        role: Role::User,
        created_at: Clock::system().now(),
    };
    users::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn room(store: &Store, owner: UserId) -> RoomId {
    let id = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    rooms::create(&mut tx, id, owner, "A room", Clock::system().now()).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn join(store: &Store, room: RoomId, user: UserId, role: RoomRole) -> bool {
    let mut tx = store.begin().await.unwrap();
    let added = rooms::add_member(&mut tx, room, user, role, Clock::system().now()).await.unwrap();
    tx.save().await.unwrap();
    added
}

async fn keep(store: &Store, new: NewMessage<'_>) -> Kept {
    let mut tx = store.begin().await.unwrap();
    let kept = messages::create(&mut tx, &new).await.unwrap().unwrap();
    tx.save().await.unwrap();
    kept
}

async fn say(store: &Store, room_id: RoomId, user_id: UserId, message: &str) -> Message {
    let (id, at) = (Ids::system().mint(), Clock::system().now());
    match keep(store, NewMessage { id, room_id, user_id, message, client_id: None, mentions: &[], at }).await
    {
        Kept::New { message, .. } | Kept::Before(message) => message,
    }
}

#[tokio::test]
async fn only_members_see_a_room() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben) = (user(store, "Ana").await, user(store, "Ben").await);
        let id = room(store, ana).await;
        let mut db = store.conn().await.unwrap();
        let seen = rooms::find(&mut db, ana, id).await.unwrap().unwrap();
        assert_eq!((seen.name.as_str(), seen.role, seen.member_count), ("A room", RoomRole::Owner, 1));
        assert!(rooms::find(&mut db, ben, id).await.unwrap().is_none(), "{}", database.engine);
        assert!(rooms::list(&mut db, ben, None, 10).await.unwrap().is_empty());
        assert_eq!(rooms::find_role(&mut db, ben, id).await.unwrap(), None);
        assert!(join(store, id, ben, RoomRole::Viewer).await);
        assert!(!join(store, id, ben, RoomRole::Editor).await, "who is in stays what they are");
        assert_eq!(rooms::find_role(&mut db, ben, id).await.unwrap(), Some(RoomRole::Viewer));
        let members = rooms::list_members(&mut db, id).await.unwrap();
        assert_eq!(members.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Ana", "Ben"]);
        assert!(!join(store, RoomId(Uuid::nil()), ben, RoomRole::Editor).await, "there is no such room");
        let nobody = UserId(Uuid::nil());
        assert!(!join(store, id, nobody, RoomRole::Editor).await, "an account that is gone");
        let mut tx = store.begin().await.unwrap();
        let (id, now) = (Ids::system().mint(), Clock::system().now());
        assert!(!rooms::create(&mut tx, id, nobody, "Nobody's", now).await.unwrap());
    }
}

#[tokio::test]
async fn rooms_are_listed_newest_first_in_pages() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "Ana").await;
        let at = Clock::system().now();
        let mut made = Vec::new();
        for index in 0..7 {
            let id: RoomId = Ids::system().mint();
            let mut tx = store.begin().await.unwrap();
            // Two rooms of one time each: the id breaks the tie.
            rooms::create(&mut tx, id, ana, "r", at + TimeDelta::seconds(index / 2)).await.unwrap();
            tx.save().await.unwrap();
            made.push(id);
        }
        made.reverse();
        let mut db = store.conn().await.unwrap();
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = rooms::list(&mut db, ana, after, 3).await.unwrap();
            let more = page.len() > 3;
            listed.extend(page.iter().take(3).map(|room| room.id));
            after = page.get(2).map(|room| Cursor { at: room.created_at, id: room.id.0 });
            if !more {
                break;
            }
        }
        assert_eq!(listed, made, "{}", database.engine);
    }
}

#[tokio::test]
async fn a_room_has_one_owner_whom_nobody_puts_out() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben) = (user(store, "Ana").await, user(store, "Ben").await);
        let id = room(store, ana).await;
        join(store, id, ben, RoomRole::Viewer).await;
        let mut tx = store.begin().await.unwrap();
        assert!(!rooms::set_owner(&mut tx, id, UserId(Uuid::nil()), Clock::system().now()).await.unwrap());
        assert!(rooms::set_owner(&mut tx, id, ben, Clock::system().now()).await.unwrap());
        tx.save().await.unwrap();
        let mut db = store.conn().await.unwrap();
        let seen = rooms::find(&mut db, ana, id).await.unwrap().unwrap();
        assert_eq!((seen.owner_id, seen.role), (ben, RoomRole::Editor), "{}", database.engine);
        assert!(!rooms::remove_member(&mut db, id, ben).await.unwrap());
        assert!(rooms::remove_member(&mut db, id, ana).await.unwrap());
        assert!(rooms::find(&mut db, ana, id).await.unwrap().is_none());
        assert!(rooms::rename(&mut db, id, "Mine", Clock::system().now()).await.unwrap());
        assert!(rooms::delete(&mut db, id).await.unwrap());
        assert!(!rooms::delete(&mut db, id).await.unwrap());
    }
}

#[tokio::test]
async fn a_client_id_is_one_message() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben) = (user(store, "Ana").await, user(store, "Ben").await);
        let id = room(store, ana).await;
        join(store, id, ben, RoomRole::Editor).await;
        let new = |user_id, message| NewMessage {
            id: Ids::system().mint(),
            room_id: id,
            user_id,
            message,
            client_id: Some("mine"),
            mentions: &[],
            at: Clock::system().now(),
        };
        let Kept::New { message: first, after: None } = keep(store, new(ana, "one")).await else {
            panic!("it is new")
        };
        assert_eq!((first.message.as_str(), first.name.as_str()), ("one", "Ana"));
        assert_eq!(keep(store, new(ana, "two")).await, Kept::Before(first.clone()), "{}", database.engine);
        let Kept::New { after, .. } = keep(store, new(ben, "three")).await else {
            panic!("another's id is another message")
        };
        assert_eq!(after, Some(first.id));
    }
}

#[tokio::test]
async fn ids_grow_in_a_room_whatever_the_clocks_say() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "Ana").await;
        let id = room(store, ana).await;
        let mut before = say(store, id, ana, "by a fast clock").await.id;
        let newest = keep(
            store,
            NewMessage {
                id: MessageId(Uuid::from_u128(before.0.as_u128() + (1 << 90))),
                room_id: id,
                user_id: ana,
                message: "from the future",
                client_id: None,
                mentions: &[],
                at: Clock::system().now(),
            },
        )
        .await;
        let Kept::New { message: newest, .. } = newest else { panic!("it is new") };
        assert!(newest.id > before);
        before = newest.id;
        let late = say(store, id, ana, "by a slow clock").await;
        assert!(late.id > before, "{}", database.engine);
        let mut db = store.conn().await.unwrap();
        let missed = messages::list_after(&mut db, id, before, 10).await.unwrap();
        assert_eq!(missed, std::slice::from_ref(&late));
        messages::delete(&mut db, id, late.id).await.unwrap();
        assert_eq!(messages::find_newest(&mut db, id).await.unwrap(), Some(late.id), "also when it is gone");
    }
}

#[tokio::test]
async fn writers_at_once_wait_their_turn() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "Ana").await;
        let id = room(store, ana).await;
        let writers = (0..20).map(|index| {
            let store = store.clone();
            async move { say(&store, id, ana, &index.to_string()).await.id }
        });
        let mut ids = futures_join(writers).await;
        ids.sort();
        let mut db = store.conn().await.unwrap();
        let kept = messages::list_after(&mut db, id, MessageId(Uuid::nil()), 100).await.unwrap();
        assert_eq!(kept.iter().map(|one| one.id).collect::<Vec<_>>(), ids, "{}", database.engine);
    }
}

async fn futures_join<T: Send + 'static>(
    work: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let mut set = tokio::task::JoinSet::new();
    work.for_each(|one| drop(set.spawn(one)));
    set.join_all().await
}

#[tokio::test]
async fn messages_are_listed_searched_changed_and_deleted() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben) = (user(store, "Ana").await, user(store, "Ben").await);
        let id = room(store, ana).await;
        let mut said = Vec::new();
        for message in ["Grüße", "100 % sure", "three", "four"] {
            said.push(say(store, id, ana, message).await);
        }
        let mut db = store.conn().await.unwrap();
        let page = messages::list(&mut db, id, None, None, 2).await.unwrap();
        assert_eq!(page, [said[3].clone(), said[2].clone(), said[1].clone()], "one more than asked");
        let page = messages::list(&mut db, id, Some(said[1].id), None, 2).await.unwrap();
        assert_eq!(page, said[..1]);
        let found = messages::list(&mut db, id, None, Some("0 %"), 10).await.unwrap();
        assert_eq!(found, said[1..2], "{}", database.engine);
        let now = Clock::system().now();
        assert!(!messages::edit(&mut db, ben, id, said[2].id, "his", now).await.unwrap());
        assert!(messages::edit(&mut db, ana, id, said[2].id, "drei", now).await.unwrap());
        let changed = messages::find(&mut db, id, said[2].id).await.unwrap().unwrap();
        assert_eq!((changed.message.as_str(), changed.timestamp), ("drei", said[2].timestamp));
        let elsewhere = RoomId(Uuid::nil());
        assert!(!messages::delete(&mut db, elsewhere, said[2].id).await.unwrap());
        assert!(messages::delete(&mut db, id, said[2].id).await.unwrap());
        assert_eq!(messages::find(&mut db, id, said[2].id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_others_said_is_unread_until_it_is_read() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben) = (user(store, "Ana").await, user(store, "Ben").await);
        let id = room(store, ana).await;
        say(store, id, ana, "before Ben came").await;
        join(store, id, ben, RoomRole::Editor).await;
        let first = say(store, id, ana, "1").await;
        let second = say(store, id, ana, "2").await;
        say(store, id, ben, "his own").await;
        let mut db = store.conn().await.unwrap();
        assert_eq!(rooms::find(&mut db, ben, id).await.unwrap().unwrap().unread, 2, "{}", database.engine);
        assert_eq!(
            rooms::mark_read(&mut db, ben, id, second.id).await.unwrap().map(|marked| marked.unread),
            Some(0)
        );
        assert_eq!(
            rooms::mark_read(&mut db, ben, id, first.id).await.unwrap().map(|marked| marked.unread),
            Some(0),
            "never back"
        );
        let unknown = MessageId(Uuid::max());
        say(store, id, ana, "3").await;
        assert_eq!(
            rooms::mark_read(&mut db, ben, id, unknown).await.unwrap().map(|marked| marked.unread),
            Some(1),
            "no such message"
        );
        let stranger = user(store, "Cem").await;
        assert_eq!(rooms::mark_read(&mut db, stranger, id, first.id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_invite_works_until_it_is_used_up_ended_or_deleted() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "Ana").await;
        let id = room(store, ana).await;
        let now = Clock::system().now();
        let invite = |max_uses, expires_at| Invite {
            id: Ids::system().mint::<RowId>(),
            room_id: id,
            role: RoomRole::Viewer,
            max_uses,
            uses: 0,
            expires_at,
            created_at: now,
        };
        let once = invite(Some(1), None);
        let short = invite(None, Some(now + TimeDelta::minutes(1)));
        let mut tx = store.begin().await.unwrap();
        invites::create(&mut tx, &once, b"once").await.unwrap();
        invites::create(&mut tx, &short, b"short").await.unwrap();
        assert_eq!(invites::find_usable(&mut tx, b"made up", now).await.unwrap(), None);
        assert_eq!(invites::find_usable(&mut tx, b"once", now).await.unwrap(), Some(once.clone()));
        invites::add_use(&mut tx, once.id).await.unwrap();
        assert_eq!(invites::find_usable(&mut tx, b"once", now).await.unwrap(), None);
        assert!(invites::find_usable(&mut tx, b"short", now).await.unwrap().is_some());
        let later = now + TimeDelta::minutes(1);
        assert_eq!(invites::find_usable(&mut tx, b"short", later).await.unwrap(), None);
        assert_eq!(invites::list(&mut tx, id, 10).await.unwrap().len(), 2, "{}", database.engine);
        assert!(invites::delete(&mut tx, id, short.id).await.unwrap());
        assert!(!invites::delete(&mut tx, id, short.id).await.unwrap());
        assert_eq!(invites::find_usable(&mut tx, b"short", now).await.unwrap(), None);
        tx.save().await.unwrap();
    }
}
