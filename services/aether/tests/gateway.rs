//! The gateway and `aether` are the same to a browser: the same policy, the same pages.

use aether::web_ui::{CONTENT_SECURITY_POLICY, PAGES, PAGES_OF_ONE};

const NGINX: &str = include_str!("../../../gateway/nginx.conf");

#[test]
fn nginx_sends_the_page_with_the_same_policy() {
    let page = NGINX.split("location = /index.html").nth(1).unwrap().split("location").next().unwrap();
    assert!(page.contains(&format!("\"{CONTENT_SECURITY_POLICY}\"")));
}

#[test]
fn nginx_falls_back_to_the_page_for_the_same_routes() {
    let map = NGINX.split("map $uri $page {").nth(1).unwrap().split('}').next().unwrap();
    let words = |line: &str| -> Vec<String> {
        let inside = line.split("(?:").nth(1).unwrap().split(')').next().unwrap();
        inside.split('|').map(|word| format!("/{word}")).collect()
    };
    let lines: Vec<&str> = map.lines().filter(|line| line.contains("/index.html;")).collect();
    let mut pages = words(lines[0]);
    pages.push("/".into());
    let ours: Vec<String> = PAGES.iter().map(|page| (*page).to_owned()).collect();
    pages.sort();
    let mut sorted = ours.clone();
    sorted.sort();
    assert_eq!(pages, sorted);
    let of_one: Vec<String> = words(lines[1]).into_iter().map(|word| word + "/").collect();
    let mut ours: Vec<String> = PAGES_OF_ONE.iter().map(|page| (*page).to_owned()).collect();
    ours.sort();
    let mut of_one = of_one;
    of_one.sort();
    assert_eq!(of_one, ours);
}
