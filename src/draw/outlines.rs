//! Coasts, borders and land: Natural Earth, 1:50 million, rounded to 1/250 of a degree (`assets/README.md`).

use std::sync::OnceLock;

use libdeflater::Decompressor;

use super::scene::{Line, Rect};

const PACKED: &[u8] = include_bytes!("assets/outlines.bin");
/// More than the data decode to.
const LARGEST: usize = 1 << 20;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Between land and sea.
    Coast,
    /// Between two countries.
    Border,
    /// Where land was cut at the date line or the pole.
    Seam,
}

/// All of them, in degrees: longitude, latitude. Longitudes count on across the date line.
#[derive(Debug, Default)]
pub struct Outlines {
    lines: Vec<(Boundary, Vec<[f64; 2]>)>,
    /// The rings around land: numbers of lines, and whether they are followed backwards.
    rings: Vec<Vec<(usize, bool)>>,
}

impl Outlines {
    /// Those that ship with the tool.
    pub fn natural_earth() -> &'static Outlines {
        static OUTLINES: OnceLock<Outlines> = OnceLock::new();
        OUTLINES.get_or_init(|| {
            let mut bytes = vec![0; LARGEST];
            let length = Decompressor::new().zlib_decompress(PACKED, &mut bytes).unwrap_or(0);
            bytes.truncate(length);
            read(&mut bytes.iter()).unwrap_or_default()
        })
    }

    /// Lines of a kind.
    pub fn lines(&self, kind: Boundary) -> impl Iterator<Item = &[[f64; 2]]> {
        self.lines.iter().filter(move |(other, _)| *other == kind).map(|(_, points)| points.as_slice())
    }

    /// The rings around land.
    pub fn land(&self) -> impl Iterator<Item = Vec<[f64; 2]>> {
        self.rings.iter().map(|ring| {
            let mut points: Vec<[f64; 2]> = Vec::new();
            for &(line, backwards) in ring {
                let Some((_, line)) = self.lines.get(line) else { continue };
                match backwards {
                    false => points.extend(line),
                    true => points.extend(line.iter().rev()),
                }
            }
            unwrap(&mut points);
            // What goes once around the globe is closed over the pole.
            if let (Some(&[start, _]), Some(&[end, _])) = (points.first(), points.last())
                && (end - start).abs() > 180.0
            {
                points.extend([[end, -90.0], [start, -90.0]]);
            }
            points
        })
    }
}

/// Lets longitudes count on across the date line.
fn unwrap(points: &mut [[f64; 2]]) {
    let mut before = points.first().map_or(0.0, |point| point[0]);
    for point in points {
        while point[0] - before > 180.0 {
            point[0] -= 360.0;
        }
        while point[0] - before < -180.0 {
            point[0] += 360.0;
        }
        before = point[0];
    }
}

fn read(bytes: &mut std::slice::Iter<'_, u8>) -> Option<Outlines> {
    let steps = number(bytes)? as f64;
    let mut outlines = Outlines::default();
    for _ in 0..number(bytes)? {
        let kind = match number(bytes)? {
            0 => Boundary::Coast,
            1 => Boundary::Border,
            _ => Boundary::Seam,
        };
        let mut points = Vec::new();
        let (mut x, mut y) = (0, 0);
        for _ in 0..number(bytes)? {
            x += number(bytes)?;
            y += number(bytes)?;
            points.push([x as f64 / steps, y as f64 / steps]);
        }
        unwrap(&mut points);
        outlines.lines.push((kind, points));
    }
    for _ in 0..number(bytes)? {
        let mut ring = Vec::new();
        for _ in 0..number(bytes)? {
            let line = number(bytes)?;
            ring.push(if line < 0 { (!line as usize, true) } else { (line as usize, false) });
        }
        outlines.rings.push(ring);
    }
    Some(outlines)
}

/// A whole number: seven bits a byte, the sign in the lowest.
fn number(bytes: &mut std::slice::Iter<'_, u8>) -> Option<i64> {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let byte = *bytes.next()?;
        value |= u64::from(byte & 127).checked_shl(shift)?;
        if byte < 128 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
        shift += 7;
    }
}

/// The parts of an open line that are within a rectangle.
pub fn clipped_line(points: &[[f64; 2]], rect: &Rect) -> Vec<Line> {
    let mut parts: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut goes_on = false;
    for pair in points.windows(2) {
        let &[a, b] = pair else { continue };
        let Some((start, end)) = clipped_step(a, b, rect) else {
            goes_on = false;
            continue;
        };
        match parts.last_mut() {
            Some(part) if goes_on && start == a => part.push(end),
            _ => parts.push(vec![start, end]),
        }
        goes_on = end == b;
    }
    parts.into_iter().map(Line::open).collect()
}

/// Liang and Barsky's way.
fn clipped_step(a: [f64; 2], b: [f64; 2], rect: &Rect) -> Option<([f64; 2], [f64; 2])> {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (step, room) in
        [(-dx, a[0] - rect.left), (dx, rect.right - a[0]), (-dy, a[1] - rect.top), (dy, rect.bottom - a[1])]
    {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |share: f64| [a[0] + share * dx, a[1] + share * dy];
    Some((if enter == 0.0 { a } else { at(enter) }, if leave == 1.0 { b } else { at(leave) }))
}

/// The part of an area within a rectangle, by Sutherland and Hodgman's way. Parts that fall asunder stay joined along the
/// rectangle's edges, which does not show when they are filled.
pub fn clipped_area(points: &[[f64; 2]], rect: &Rect) -> Vec<[f64; 2]> {
    let mut points = points.to_vec();
    for (axis, limit, sign) in
        [(0, rect.left, 1.0), (0, rect.right, -1.0), (1, rect.top, 1.0), (1, rect.bottom, -1.0)]
    {
        let inside = |point: &[f64; 2]| (point[axis] - limit) * sign >= 0.0;
        let mut kept = Vec::with_capacity(points.len());
        let Some(&last) = points.last() else { return points };
        let mut before = last;
        for &point in &points {
            if inside(&point) != inside(&before) {
                let share = (limit - before[axis]) / (point[axis] - before[axis]);
                let mut edge =
                    [before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])];
                edge[axis] = limit;
                kept.push(edge);
            }
            if inside(&point) {
                kept.push(point);
            }
            before = point;
        }
        points = kept;
    }
    points
}

/// Leaves out points that are nearer to the one before than `step`, but for the ends.
pub fn thinned(points: &[[f64; 2]], step: f64) -> Vec<[f64; 2]> {
    let mut kept: Vec<[f64; 2]> = Vec::with_capacity(points.len());
    let last = points.len().saturating_sub(1);
    for (index, &point) in points.iter().enumerate() {
        let is_near = kept
            .last()
            .is_some_and(|before| (point[0] - before[0]).abs() < step && (point[1] - before[1]).abs() < step);
        if !is_near || index == last {
            kept.push(point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a point is on land, by the parity of edges to its east.
    fn is_land(longitude: f64, latitude: f64) -> bool {
        let mut crossings = 0;
        for ring in Outlines::natural_earth().land() {
            let mut before = ring.last().copied().expect("a ring has points");
            for point in ring {
                if (before[1] > latitude) != (point[1] > latitude) {
                    let share = (latitude - before[1]) / (point[1] - before[1]);
                    let at = before[0] + share * (point[0] - before[0]);
                    // A ring beyond the date line is met once more a turn further on.
                    crossings += [-360.0, 0.0, 360.0].iter().filter(|&turn| at + turn > longitude).count();
                }
                before = point;
            }
        }
        crossings % 2 == 1
    }

    #[test]
    fn land_is_land_and_sea_is_sea() {
        let land = [(-60.0, -3.1), (13.4, 52.5), (135.0, -25.0), (-100.0, 40.0), (0.0, -85.0), (177.0, 66.0)];
        let sea = [(-30.0, 0.0), (0.0, 0.0), (-150.0, 30.0), (51.0, 41.5), (-170.0, 60.0), (80.0, -20.0)];
        for (longitude, latitude) in land {
            assert!(is_land(longitude, latitude), "{longitude} {latitude} is land");
        }
        for (longitude, latitude) in sea {
            assert!(!is_land(longitude, latitude), "{longitude} {latitude} is sea");
        }
    }

    #[test]
    fn coasts_pass_known_places_and_borders_are_on_land() {
        let outlines = Outlines::natural_earth();
        // Cape Agulhas, Gibraltar's Europa Point, Land's End, Cabo Branco, Cape Comorin, Cape Leeuwin.
        for (longitude, latitude) in
            [(20.0, -34.8), (-5.35, 36.1), (-5.7, 50.05), (-34.8, -7.15), (77.55, 8.08), (115.15, -34.35)]
        {
            let near = outlines
                .lines(Boundary::Coast)
                .flatten()
                .any(|&[x, y]| (x - longitude).abs() < 0.15 && (y - latitude).abs() < 0.15);
            assert!(near, "a coast at {longitude} {latitude}");
        }
        // Where Brazil, Peru and Colombia meet.
        assert!(
            outlines
                .lines(Boundary::Border)
                .flatten()
                .any(|&[x, y]| (x + 69.95).abs() < 0.1 && (y + 4.22).abs() < 0.1)
        );
        assert!(outlines.lines(Boundary::Coast).flatten().all(|[_, y]| *y > -89.9), "the pole is no coast");
        let far = |line: &[[f64; 2]]| line.windows(2).any(|pair| (pair[1][0] - pair[0][0]).abs() > 20.0);
        assert!(!outlines.lines(Boundary::Coast).any(far), "no coast jumps across the map");
    }

    #[test]
    fn lines_and_areas_are_cut_at_a_rectangle() {
        let rect = Rect::new(0.0, 0.0, 10.0, 10.0);
        let parts = clipped_line(&[[-5.0, 5.0], [5.0, 5.0], [5.0, 15.0], [8.0, 15.0], [8.0, 5.0]], &rect);
        let points: Vec<_> = parts.into_iter().map(|line| line.points).collect();
        assert_eq!(points, [vec![[0.0, 5.0], [5.0, 5.0], [5.0, 10.0]], vec![[8.0, 10.0], [8.0, 5.0]]]);
        let area = clipped_area(&[[-5.0, -5.0], [20.0, -5.0], [20.0, 5.0], [-5.0, 5.0]], &rect);
        assert!(area.iter().all(|[x, y]| (0.0..=10.0).contains(x) && (0.0..=5.0).contains(y)), "{area:?}");
        assert!(
            area.len() >= 4 && clipped_area(&[[20.0, 20.0], [30.0, 20.0], [30.0, 30.0]], &rect).is_empty()
        );
    }

    #[test]
    fn cut_short_data_are_no_outlines_and_no_panic() {
        for length in 0..200 {
            assert!(read(&mut PACKED[..length].iter()).is_none_or(|found| found.lines.len() < 2000));
        }
    }
}
