//! Any bytes as a year's dump: an error, or communities in order that have one value for each of their strategies.
#![no_main]

use gridloom::caete::CommunityYear;
use gridloom::dump::{Dump, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { decoded_bytes: 1 << 20, values: 1 << 16, dictionary_bytes: 16 << 20 };
    let Ok(dump) = Dump::decode(bytes, Vec::new(), &limits) else { return };
    let Ok(year) = CommunityYear::read(dump.root()) else { return };
    assert!(year.communities.is_sorted_by(|one, next| one.index < next.index));
    assert!(year.mask.len() <= 1 << 16);
    let mut strategies = 0;
    for community in &year.communities {
        let count = community.ids.len();
        strategies += count;
        for values in [&community.vp_cleaf, &community.vp_croot, &community.vp_cwood, &community.vp_ocp] {
            assert_eq!(values.len(), count);
        }
        if let Some(states) = &community.limitation {
            for pairs in [&states.leaf, &states.root, &states.wood, &states.uptake_n, &states.uptake_p] {
                assert_eq!(pairs.len(), count);
            }
        }
        for index in [community.shannon_entropy, community.shannon_diversity, community.shannon_evenness] {
            assert!(index.is_none_or(|index| !index.is_nan() && index != -9999.0));
        }
    }
    assert!(strategies <= 1 << 18);
});
