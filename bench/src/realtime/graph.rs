//! The figures as a picture: an SVG that any browser opens.

use std::fmt::Write as _;

use super::{
    figures::{Figures, float_len},
    goals::{Reached, Row, as_ratio, number},
};

const WIDTH: f64 = 1080.0;
const ROW: f64 = 34.0;
const TOP: f64 = 118.0;
/// Where the bars begin and end.
const LEFT: f64 = 470.0;
const RIGHT: f64 = 930.0;
/// From so many times worse than the peer to so many times better.
const LEAST: f64 = 0.25;
const MOST: f64 = 64.0;
const PLOT: f64 = 240.0;
const CURVES: [(&str, &str); 2] = [("streams", "added to a token"), ("room", "message in the full room")];

/// Draws both servers' figures.
pub fn draw(rows: &[Row], ours: &Figures, theirs: &Figures, caption: &str) -> String {
    let bars = TOP + ROW * float_len(rows.len());
    let height = bars + PLOT + 150.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#1d2430\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    text(
        &mut svg,
        (24.0, 34.0),
        "start",
        "font-size=\"19\" font-weight=\"600\"",
        "AetherOS beside the Node peer",
    );
    text(&mut svg, (24.0, 56.0), "start", "fill=\"#5b6472\"", caption);
    let hint = "Times better than the peer, on a logarithmic scale; short tick: floor, long tick: moonshot; green: moonshot reached, blue: floor, red: neither";
    text(&mut svg, (24.0, 78.0), "start", "fill=\"#5b6472\"", hint);
    for power in -2..=6 {
        let times = f64::powi(2.0, power);
        line(&mut svg, (x(times), TOP - 8.0), (x(times), bars), "#e3e7ed", 1.0);
        text(
            &mut svg,
            (x(times), TOP - 12.0),
            "middle",
            "fill=\"#8a93a1\" font-size=\"11\"",
            &format!("{times}x"),
        );
    }
    for (index, row) in rows.iter().enumerate() {
        draw_row(&mut svg, row, TOP + ROW * float_len(index));
    }
    let width = (WIDTH - 24.0 * 2.0 - 60.0) / 2.0;
    for (index, (name, what)) in CURVES.iter().enumerate() {
        let left = 24.0 + 36.0 + (width + 24.0) * float_len(index);
        if let (Some(our_curve), Some(their_curve)) = (ours.curves.get(*name), theirs.curves.get(*name)) {
            let area = Area { left, top: bars + 64.0, width: width - 36.0 };
            draw_curves(&mut svg, &area, what, our_curve, their_curve);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

struct Area {
    left: f64,
    top: f64,
    width: f64,
}

fn x(times: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * (times.clamp(LEAST, MOST) / LEAST).log2() / (MOST / LEAST).log2()
}

fn draw_row(svg: &mut String, row: &Row, top: f64) {
    // How many times better, whichever way better is.
    let better = |ratio: f64| if row.more_is_better() { ratio } else { 1.0 / ratio };
    let color = match row.reached() {
        Reached::Moonshot => "#1f8a5b",
        Reached::Floor => "#3b6fd4",
        Reached::No => "#c2453a",
    };
    let (what, rest) = row.what.split_once(';').unwrap_or((&row.what, ""));
    text(svg, (24.0, top + 13.0), "start", "", &format!("{}. {what}", row.goal));
    text(svg, (24.0, top + 27.0), "start", "fill=\"#8a93a1\" font-size=\"11\"", rest.trim());
    // The bar begins at the peer's figure: to the right is better.
    let (peer, own) = (x(1.0), x(better(row.ratio())));
    // Writing to a String cannot fail.
    let _ = writeln!(
        svg,
        "<rect x=\"{:.1}\" y=\"{}\" width=\"{:.1}\" height=\"14\" rx=\"2\" fill=\"{color}\"/>",
        peer.min(own),
        top + 6.0,
        (own - peer).abs().max(2.0)
    );
    line(svg, (peer, top), (peer, top + ROW), "#8a93a1", 1.0);
    for (ratio, reach) in [(row.floor_ratio(), 2.0), (row.moonshot_ratio(), 6.0)] {
        let at = x(better(ratio));
        line(svg, (at, top + 6.0 - reach), (at, top + 20.0 + reach), "#1d2430", 1.5);
    }
    let told = format!("{} / {} {}", number(row.ours), number(row.theirs), row.unit);
    text(svg, (RIGHT + 12.0, top + 14.0), "start", "font-weight=\"600\"", &as_ratio(row.ratio()));
    text(svg, (RIGHT + 12.0, top + 28.0), "start", "fill=\"#5b6472\" font-size=\"11\"", &told);
}

fn draw_curves(svg: &mut String, area: &Area, what: &str, ours: &[f64], theirs: &[f64]) {
    let (low, high) = (0.1_f64, 1_000.0_f64);
    let y = |ms: f64| {
        let share = (ms.clamp(low, high) / low).log10() / (high / low).log10();
        area.top + PLOT * (1.0 - share)
    };
    let at = |percent: f64| area.left + area.width * percent / 100.0;
    let title = format!("Latency by percentile: {what} (ms, logarithmic)");
    text(svg, (area.left, area.top - 18.0), "start", "font-weight=\"600\"", &title);
    for ms in [0.1, 1.0, 10.0, 100.0, 1_000.0] {
        line(svg, (area.left, y(ms)), (area.left + area.width, y(ms)), "#e3e7ed", 1.0);
        text(svg, (area.left - 6.0, y(ms) + 4.0), "end", "fill=\"#8a93a1\" font-size=\"11\"", &number(ms));
    }
    for percent in [0.0, 25.0, 50.0, 75.0, 99.0] {
        let place = (at(percent), area.top + PLOT + 16.0);
        text(svg, place, "middle", "fill=\"#8a93a1\" font-size=\"11\"", &format!("p{percent}"));
    }
    for (curve, color) in [(theirs, "#c98a2b"), (ours, "#3b6fd4")] {
        let points: Vec<String> = curve
            .iter()
            .enumerate()
            .map(|(percent, ms)| format!("{:.1},{:.1}", at(float_len(percent)), y(*ms)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
    }
    let place = (area.left + 8.0, area.top + 14.0);
    text(svg, place, "start", "fill=\"#3b6fd4\"", "AetherOS");
    text(svg, (place.0 + 80.0, place.1), "start", "fill=\"#c98a2b\"", "Node peer");
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, more: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {more}>{words}</text>");
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{color}\" stroke-width=\"{width}\"/>",
        from.0, from.1, to.0, to.1
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::goals::rows;

    #[test]
    fn the_picture_has_a_bar_for_each_goal_and_a_curve_for_each_server() {
        let figures = |cpu: f64| {
            let mut figures = Figures::default();
            figures.set("room.cpu_us", cpu);
            figures.set_latency("room", vec![1_000, 2_000, 3_000]);
            figures
        };
        let (ours, theirs) = (figures(2.0), figures(8.0));
        let svg = draw(&rows(&ours, &theirs), &ours, &theirs, "a < b");
        assert_eq!((svg.matches("<polyline").count(), svg.matches("rx=\"2\"").count()), (2, 1));
        assert!(svg.contains("a &lt; b") && svg.contains("1/4.0") && !svg.contains("NaN"), "{svg}");
    }
}
