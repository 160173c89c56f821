//! Mail: that it is sent, once, whatever the mail server does; that it says what it should to whom it should; and what a link
//! in it is worth.

mod address;
mod inbox;
mod password;
mod sending;
mod sign_in;
mod smtp;
