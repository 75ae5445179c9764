//! Huffman codes of limited length (RFC 1951, section 3.2.2).

/// The most symbols of an alphabet.
pub(super) const SYMBOLS: usize = 288;

/// Finds the lengths of an optimal prefix code, and where it is too deep, of one close to it within `limit` bits.
///
/// Symbols without occurrences get no code, but there are at least two codes: some decoders refuse a code that is not
/// complete. `limit` must leave room for all symbols.
pub(super) fn lengths(frequencies: &[u32], limit: u8, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut used: [u64; SYMBOLS] = [0; SYMBOLS];
    let mut count = 0;
    for (symbol, &frequency) in frequencies.iter().take(SYMBOLS).enumerate() {
        if frequency > 0 {
            used[count] = u64::from(frequency) << 16 | symbol as u64;
            count += 1;
        }
    }
    for symbol in 0..2 {
        if count < 2 && frequencies.get(symbol) == Some(&0) {
            used[count] = 1 << 16 | symbol as u64;
            count += 1;
        }
    }
    let used = &mut used[..count];
    used.sort_unstable();
    let mut depths = [0; SYMBOLS];
    let depths = &mut depths[..count];
    for (depth, symbol) in depths.iter_mut().zip(used.iter()) {
        *depth = (symbol >> 16) as u32;
    }
    minimum_redundancy(depths);
    limit_depths(depths, u32::from(limit));
    for (depth, symbol) in depths.iter().zip(used.iter()) {
        if let Some(length) = lengths.get_mut((symbol & 0xffff) as usize) {
            *length = *depth as u8;
        }
    }
}

/// Turns ascending weights into the depths of their leaves in a Huffman tree, in place (Moffat and Katajainen, 1995).
fn minimum_redundancy(nodes: &mut [u32]) {
    let count = nodes.len();
    if count < 2 {
        nodes.fill(1);
        return;
    }
    // Weights become, from left to right, inner nodes that later hold their parent.
    let (mut leaf, mut root) = (0, 0);
    for next in 0..count - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            if leaf >= count || (root < next && nodes[root] < nodes[leaf]) {
                sum += nodes[root];
                nodes[root] = next as u32;
                root += 1;
            } else {
                sum += nodes[leaf];
                leaf += 1;
            }
        }
        nodes[next] = sum;
    }
    // Parents become depths, from the root on.
    nodes[count - 2] = 0;
    for next in (0..count - 2).rev() {
        nodes[next] = nodes[nodes[next] as usize] + 1;
    }
    // Depths of inner nodes become depths of leaves, from the shallowest on.
    let (mut available, mut depth) = (1usize, 0u32);
    let (mut inner, mut next) = (count - 1, count);
    while available > 0 && next > 0 {
        let mut parents = 0;
        while inner > 0 && nodes[inner - 1] == depth {
            parents += 1;
            inner -= 1;
        }
        while available > parents && next > 0 {
            next -= 1;
            nodes[next] = depth;
            available -= 1;
        }
        available = 2 * parents;
        depth += 1;
    }
}

/// Brings depths, in descending order, within a limit.
fn limit_depths(depths: &mut [u32], limit: u32) {
    if depths.first().is_none_or(|&deepest| deepest <= limit) {
        return;
    }
    let mut counts = [0usize; 33];
    for &depth in depths.iter() {
        counts[depth.min(limit) as usize & 31] += 1;
    }
    // The sum of 2^-depth in units of the limit; leaves that were cut off the tree made it too large.
    let limit = limit as usize;
    let mut sum: usize = (1..=limit).map(|depth| counts[depth] << (limit - depth)).sum();
    while sum > 1 << limit {
        // One leaf goes a level down and takes one of the deepest as its sibling.
        let Some(depth) = (1..limit).rev().find(|&depth| counts[depth] > 0) else { break };
        counts[depth] -= 1;
        counts[depth + 1] += 2;
        counts[limit] -= 1;
        sum -= 1;
    }
    let mut next = depths.iter_mut();
    for depth in (1..=limit).rev() {
        for target in next.by_ref().take(counts[depth]) {
            *target = depth as u32;
        }
    }
}

/// Assigns the canonical codes of given lengths, turned round, since Huffman codes are packed from the highest bit on.
pub(super) fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut counts = [0u16; 16];
    for &length in lengths {
        counts[usize::from(length & 15)] += 1;
    }
    counts[0] = 0;
    let mut next = [0u16; 16];
    for length in 1..16 {
        next[length] = (next[length - 1] + counts[length - 1]) << 1;
    }
    for (code, &length) in codes.iter_mut().zip(lengths) {
        let length = usize::from(length & 15);
        if length > 0 {
            *code = next[length].reverse_bits() >> (16 - length);
            next[length] = next[length].wrapping_add(1);
        }
    }
}
