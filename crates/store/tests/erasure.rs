//! What the steps of an erasure promise, on both databases: each may be done again, and only one process goes on at a time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use aether_common::{
    clock::Clock,
    id::{Ids, RoomId, UserId},
    model::{room::RoomRole, user::Role},
};
use aether_store::{
    Store, StoreError,
    accounts::{self, Filter},
    erasure::{self, Claim, LeftRoom},
    rooms,
    users::{self, NewUser},
};
use aether_testkit::databases;
use chrono::TimeDelta;

async fn user(store: &Store, role: Role) -> UserId {
    let id: UserId = Ids::system().mint();
    let new = NewUser {
        id,
        email: format!("{}@example.org", id.0.simple()),
        password_hash: None,
        name: "Ana".into(),
        role,
        created_at: Clock::system().now(),
    };
    let mut tx = store.begin().await.unwrap();
    users::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn begin(store: &Store, user: UserId) -> Claim {
    let now = Clock::system().now();
    let mut tx = store.begin().await.unwrap();
    let claim = erasure::begin(&mut tx, user, now, now + TimeDelta::seconds(30)).await.unwrap().unwrap();
    tx.save().await.unwrap();
    claim
}

async fn delete(store: &Store, user: UserId) -> bool {
    let mut tx = store.begin().await.unwrap();
    let deleted = erasure::delete_account(&mut tx, user).await.unwrap();
    tx.save().await.unwrap();
    deleted
}

async fn leave(store: &Store, owner: UserId, room: RoomId) -> Option<LeftRoom> {
    let mut tx = store.begin().await.unwrap();
    let left = erasure::leave_own_room(&mut tx, owner, room, Clock::system().now()).await.unwrap();
    tx.save().await.unwrap();
    left
}

#[tokio::test]
async fn an_erasure_is_one_processs_until_its_lease_ends() {
    for database in databases().await {
        let store = &database.store;
        let now = Clock::system().now();
        let ana = user(store, Role::User).await;
        let first = begin(store, ana).await;
        let mut tx = store.begin().await.unwrap();
        assert_eq!(erasure::begin(&mut tx, ana, now, now).await.unwrap(), None, "once");
        assert_eq!(erasure::begin(&mut tx, Ids::system().mint(), now, now).await.unwrap(), None);
        drop(tx);

        let mut db = store.conn().await.unwrap();
        assert_eq!(erasure::claim(&mut db, now, now).await.unwrap(), None);
        let later = now + TimeDelta::minutes(1);
        let second = erasure::claim(&mut db, later, later + TimeDelta::minutes(1)).await.unwrap().unwrap();
        assert_eq!(second, Claim { user_id: ana, fence: 2 });
        assert!(
            !erasure::renew(&mut db, first, later).await.unwrap(),
            "{}: the late one stops",
            database.engine
        );
        assert!(erasure::renew(&mut db, second, later).await.unwrap());
    }
}

#[tokio::test]
async fn an_account_goes_only_when_it_is_being_erased_and_nothing_needs_a_step_of_its_own() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, Role::User).await;
        assert!(!delete(store, ana).await, "{}: nobody asked for it", database.engine);
        let room: RoomId = Ids::system().mint();
        let mut tx = store.begin().await.unwrap();
        rooms::create(&mut tx, room, ana, "A room", Clock::system().now()).await.unwrap();
        tx.save().await.unwrap();
        begin(store, ana).await;
        assert!(!delete(store, ana).await, "{}: a room would go with it, untold", database.engine);
        assert_eq!(leave(store, ana, room).await, Some(LeftRoom::Closed));
        assert_eq!(leave(store, ana, room).await, Some(LeftRoom::Closed), "again");
        let mut db = store.conn().await.unwrap();
        assert_eq!(erasure::find_owned_room(&mut db, ana).await.unwrap(), Some(room));
        assert!(rooms::delete(&mut db, room).await.unwrap());
        assert_eq!(leave(store, ana, room).await, None);

        let mut tx = store.begin().await.unwrap();
        assert!(!erasure::finish(&mut tx, ana).await.unwrap(), "{}: not yet", database.engine);
        drop(tx);
        assert!(delete(store, ana).await);
        assert!(delete(store, ana).await, "again");
        let mut tx = store.begin().await.unwrap();
        assert!(erasure::finish(&mut tx, ana).await.unwrap());
        assert!(!erasure::finish(&mut tx, ana).await.unwrap(), "{}: once", database.engine);
    }
}

#[tokio::test]
async fn a_room_passes_to_the_editor_who_came_first_and_is_not_shut_out() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, Role::User).await;
        let room: RoomId = Ids::system().mint();
        let now = Clock::system().now();
        let (viewer, gone, heir, late) = (
            user(store, Role::User).await,
            user(store, Role::User).await,
            user(store, Role::User).await,
            user(store, Role::User).await,
        );
        let mut tx = store.begin().await.unwrap();
        rooms::create(&mut tx, room, ana, "A room", now).await.unwrap();
        let members = [
            (viewer, RoomRole::Viewer),
            (gone, RoomRole::Editor),
            (heir, RoomRole::Editor),
            (late, RoomRole::Editor),
        ];
        for (second, (user, role)) in (1..).zip(members) {
            rooms::add_member(&mut tx, room, user, role, now + TimeDelta::seconds(second)).await.unwrap();
        }
        tx.save().await.unwrap();
        begin(store, gone).await;
        assert_eq!(leave(store, ana, room).await, Some(LeftRoom::HandedOver(heir)), "{}", database.engine);
        assert_eq!(leave(store, ana, room).await, None);
        let mut db = store.conn().await.unwrap();
        let seen = rooms::find(&mut db, heir, room).await.unwrap().unwrap();
        assert_eq!((seen.owner_id, seen.role, seen.member_count), (heir, RoomRole::Owner, 4));
        assert!(rooms::find_role(&mut db, ana, room).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn who_is_being_erased_is_no_administrator_and_is_not_listed() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben) = (user(store, Role::Admin).await, user(store, Role::Admin).await);
        begin(store, ana).await;
        let mut tx = store.begin().await.unwrap();
        assert_eq!(accounts::lock_admins(&mut tx).await.unwrap(), [ben], "{}", database.engine);
        assert_eq!(accounts::find(&mut tx, ana).await.unwrap(), None);
        let listed = accounts::list(&mut tx, &Filter::default(), None, 10).await.unwrap();
        assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [ben]);
    }
}

#[tokio::test]
async fn what_leans_on_an_account_that_goes_in_this_moment_is_not_kept() {
    for database in databases().await {
        let store = &database.store;
        for _ in 0..10 {
            let ana = user(store, Role::User).await;
            begin(store, ana).await;
            let room: RoomId = Ids::system().mint();
            let made = async {
                let mut tx = store.begin().await?;
                rooms::create(&mut tx, room, ana, "A room", Clock::system().now()).await?;
                tx.save().await
            };
            let (deleted, made) = tokio::join!(delete(store, ana), made);
            let mut db = store.conn().await.unwrap();
            let kept = erasure::find_owned_room(&mut db, ana).await.unwrap().is_some();
            assert_eq!(kept, !deleted, "{}: either it was seen or it was refused", database.engine);
            assert!(matches!(made, Ok(()) | Err(StoreError::Conflict)), "{}: {made:?}", database.engine);
        }
    }
}
