//! Publish and subscribe.

use aether_bus::{Delivery, Topic};
use aether_common::id::{Ids, RoomId, UserId};

use crate::stand::{Stand, eventually, new_id, within};

fn room() -> Topic {
    Topic::room(Ids::system().mint::<RoomId>())
}

fn message(text: &str) -> Delivery {
    Delivery::Message(text.as_bytes().into())
}

pub async fn what_is_published_reaches_every_subscription_in_order(stand: &Stand) {
    let topic = room();
    let mut here = stand.bus.subscribe(&topic).await.unwrap();
    let mut there = stand.other.subscribe(&topic).await.unwrap();
    for number in 0..100 {
        stand.bus.publish(&topic, number.to_string()).await.unwrap();
    }
    for number in 0..100 {
        assert_eq!(within(here.next()).await, message(&number.to_string()));
        assert_eq!(within(there.next()).await, message(&number.to_string()));
    }
}

pub async fn topics_are_apart(stand: &Stand) {
    let id = uuid::Uuid::from_u128(7);
    let (user, room) = (Topic::user(UserId(id)), Topic::room(RoomId(id)));
    let mut of_user = stand.bus.subscribe(&user).await.unwrap();
    stand.bus.publish(&room, "room").await.unwrap();
    stand.bus.publish(&Topic::generation(new_id()), "generation").await.unwrap();
    stand.bus.publish(&user, vec![0, 255]).await.unwrap();
    assert_eq!(within(of_user.next()).await, Delivery::Message([0, 255].into()));
}

pub async fn a_subscription_that_falls_behind_is_told(stand: &Stand) {
    let (topic, done) = (room(), room());
    let mut slow = stand.bus.subscribe(&topic).await.unwrap();
    let mut quick = stand.bus.subscribe(&done).await.unwrap();
    for number in 0..3000 {
        stand.bus.publish(&topic, number.to_string()).await.unwrap();
    }
    stand.bus.publish(&done, "done").await.unwrap();
    within(quick.next()).await;
    assert_eq!(within(slow.next()).await, Delivery::Lost);
    assert_eq!(within(slow.next()).await, message("0"));
}

pub async fn leaving_and_coming_back_misses_nothing_published_afterwards(stand: &Stand) {
    let topic = room();
    for number in 0..50 {
        let mut subscription = stand.bus.subscribe(&topic).await.unwrap();
        stand.other.publish(&topic, number.to_string()).await.unwrap();
        // What was published before it came may still arrive; what comes after must.
        within(async { while subscription.next().await != message(&number.to_string()) {} }).await;
    }
}

pub async fn the_end_of_the_bus_closes_subscriptions(stand: &Stand) {
    let mut subscription = stand.bus.subscribe(&Topic::control()).await.unwrap();
    stand.shutdown.cancel();
    assert_eq!(within(subscription.next()).await, Delivery::Closed);
    eventually(async || stand.bus.subscribe(&Topic::jobs()).await.is_err()).await;
}
