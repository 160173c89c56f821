//! The gateway and `aether` are the same to a browser: the same policy, the same pages, those of the web UI's router, and the
//! same sandbox for generated apps.

use aether::preview_frame;
use aether::web_ui::{CONTENT_SECURITY_POLICY, PAGES, PAGES_OF_ONE};

const NGINX: &str = include_str!("../../../gateway/nginx.conf");
const ROUTER: &str = include_str!("../../../frontend/src/app/router.tsx");

#[test]
fn nginx_sends_the_page_with_the_same_policy() {
    let page = NGINX.split("location = /index.html").nth(1).unwrap().split("location").next().unwrap();
    assert!(page.contains(&format!("\"{CONTENT_SECURITY_POLICY}\"")));
}

#[test]
fn nginx_puts_the_preview_into_the_same_sandbox() {
    let start = format!("location = {} {{", preview_frame::PATH);
    let frame = NGINX.split(&start).nth(1).unwrap().split("\n        }").next().unwrap();
    let mut sent: Vec<_> = frame.matches("add_header ").collect();
    for (name, value) in preview_frame::HEADERS {
        let line = format!("add_header {name} \"{value}\" always;");
        assert!(frame.contains(&line), "{line}");
        sent.pop();
    }
    // The request's id is the gateway's own; a header against frames there is none.
    assert_eq!((sent.len(), frame.contains("add_header X-Request-Id $rid always;")), (1, true));
    assert!(frame.contains(&format!("try_files /{} =404;", preview_frame::FILE)));
}

#[test]
fn nginx_lets_the_page_frame_the_preview_at_its_own_address_alone() {
    let map = NGINX.split("map $http_host $frame_source {").nth(1).unwrap().split("    }").next().unwrap();
    let lines: Vec<_> = map.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(
        lines,
        ["default \"'none'\";", r#""~^[A-Za-z0-9.-]+(?::[0-9]{1,5})?$" "$http_host/preview/";"#]
    );
}

#[test]
fn nginx_falls_back_to_the_page_for_the_same_routes() {
    let map = NGINX.split("map $uri $page {").nth(1).unwrap().split("    }").next().unwrap();
    let (mut pages, mut of_one) = (vec!["/".to_owned()], Vec::new());
    for line in map.lines().filter(|line| line.contains("/index.html;")) {
        let (start, rest) = line.split_once("~^").unwrap().1.split_once("(?:").unwrap();
        let (words, end) = rest.split_once(')').unwrap();
        for word in words.split('|') {
            if end.starts_with("/[^/]+$") {
                of_one.push(format!("{start}{word}/"));
            } else {
                pages.push(format!("{start}{word}"));
            }
        }
    }
    assert_eq!(sorted(&pages), sorted(&PAGES));
    assert_eq!(sorted(&of_one), sorted(&PAGES_OF_ONE));
}

#[test]
fn the_web_ui_has_a_screen_at_each_of_these_routes_and_at_no_other() {
    let screens = ROUTER.split("path: \"").skip(1).map(|rest| rest.split('"').next().unwrap());
    // What the last segment is called is the router's own business.
    let screens = screens.filter(|path| *path != "*").map(|path| path.split_inclusive(':').next().unwrap());
    let mut ours: Vec<String> = PAGES.iter().map(|page| (*page).to_owned()).collect();
    ours.extend(PAGES_OF_ONE.iter().map(|start| format!("{start}:")));
    assert_eq!(sorted(&screens.collect::<Vec<_>>()), sorted(&ours));
}

fn sorted<T: AsRef<str>>(paths: &[T]) -> Vec<&str> {
    let mut paths: Vec<&str> = paths.iter().map(AsRef::as_ref).collect();
    paths.sort_unstable();
    paths
}
