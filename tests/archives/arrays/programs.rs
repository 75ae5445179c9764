//! Arrays in other programs.

use super::*;

/// h5py and netCDF4 find the same values, after growing and changing.
#[test]
fn other_programs_read_arrays() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrays.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    let layouts = [
        ("plain", Layout { chunk_bytes: 64, codec: None }),
        ("none", Layout::packed(Codec::None, 300)),
        ("deflate", Layout::packed(Codec::Deflate(4), 300)),
    ];
    let mut models = BTreeMap::new();
    for (name, layout) in layouts {
        writer.add(name, Element::Float32, &[10], layout).unwrap();
        // As many chunks as need an index of two levels and more.
        let mut rows: Vec<u8> = (0..90_000).flat_map(|value| (value as f32 / 7.0).to_le_bytes()).collect();
        writer.append(name, &rows).unwrap();
        writer.commit(Durability::Process).unwrap();
        writer.replace(name, &[3, 8_999], &[1.5f32.to_le_bytes(); 20].concat()).unwrap();
        for row in [3, 8_999] {
            rows[row * 40..][..40].copy_from_slice(&[1.5f32.to_le_bytes(); 10].concat());
        }
        let more: Vec<u8> = (0..50).flat_map(|value| (value as f32).to_le_bytes()).collect();
        writer.append(name, &more).unwrap();
        rows.extend(more);
        writer.commit(Durability::Process).unwrap();
        std::fs::write(folder.path().join(format!("{name}.raw")), &rows).unwrap();
        models.insert(name, rows);
    }
    writer.add("empty", Element::Int16, &[], Layout::PLAIN).unwrap();
    writer.add("cube", Element::Int64, &[2, 3], Layout::PLAIN).unwrap();
    writer.append("cube", &(0..24i64).flat_map(i64::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    let half: Vec<u8> = [0x3c00u16, 0xc000, 0x7e00].iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let floats: Vec<u8> = [1.5f32, -2.0, 0.0, 3.25].iter().flat_map(|value| value.to_le_bytes()).collect();
    let doubles: Vec<u8> = [1.5f64, -2.0, 0.0, 3.25].iter().flat_map(|value| value.to_le_bytes()).collect();
    let types: [(&str, ValueType, &[u8]); 4] = [
        ("half", ValueType::Float16, &half),
        ("truth", ValueType::Bool, &[1, 0, 1]),
        ("complex", ValueType::Complex64, &floats),
        ("wide", ValueType::Complex128, &doubles),
    ];
    for (name, kind, rows) in types {
        writer.add(name, kind, &[], Layout::packed(Codec::Deflate(4), 64)).unwrap();
        writer.append(name, rows).unwrap();
        let scale = ArrayAttribute::Numbers {
            element: Element::Float64,
            bytes: 0.25f64.to_le_bytes().to_vec(),
            is_single: true,
        };
        let range =
            ArrayAttribute::Numbers { element: Element::Int16, bytes: vec![1, 0, 2, 0], is_single: false };
        writer.set_value(Some(name), "scale", &scale).unwrap();
        writer.set_value(Some(name), "range", &range).unwrap();
    }
    writer.set_value(None, "title", &ArrayAttribute::Text("Größen".to_owned())).unwrap();
    writer.delete("plain", &(0..9_000).filter(|row| row % 3 == 0).collect::<Vec<u64>>()).unwrap();
    let thinned: Vec<u8> = models["plain"]
        .chunks(40)
        .zip(0..)
        .filter(|(_, row)| row % 3 != 0 || *row >= 9_000)
        .flat_map(|(bytes, _)| bytes)
        .copied()
        .collect();
    std::fs::write(folder.path().join("plain.raw"), thinned).unwrap();
    writer.commit(Durability::Process).unwrap();
    drop(writer);
    let script = "
import sys, h5py, netCDF4, numpy
path, folder = sys.argv[1:]
with h5py.File(path) as file:
    for name in ('plain', 'none', 'deflate'):
        wanted = numpy.fromfile(f'{folder}/{name}.raw', '<f4').reshape(-1, 10)
        data = file[name]
        assert data.maxshape == (None, 10) and data.shape == wanted.shape, data.shape
        assert data[...].tobytes() == wanted.tobytes(), name
        assert (data[5990:9001] == wanted[5990:9001]).all()
        assert data.id.get_num_chunks() == -(-len(wanted) // data.chunks[0])
    assert file['empty'].shape == (0,)
    half, truth, pair, wide = (file[name] for name in ('half', 'truth', 'complex', 'wide'))
    assert half.dtype == 'f2' and half[:2].tolist() == [1, -2] and numpy.isnan(half[2])
    assert truth.dtype == bool and truth[...].tolist() == [True, False, True]
    assert pair.dtype == 'c8' and pair[...].tolist() == [1.5 - 2j, 3.25j]
    assert wide.dtype == 'c16' and wide[...].tolist() == [1.5 - 2j, 3.25j]
    assert half.attrs['scale'] == 0.25 and half.attrs['scale'].shape == () and half.attrs['range'].tolist() == [1, 2]
    assert file.attrs['title'].decode() == 'Größen'
    assert file['cube'][...].tolist() == numpy.arange(24).reshape(4, 2, 3).tolist()
with netCDF4.Dataset(path) as file:
    for name in ('plain', 'none', 'deflate'):
        wanted = numpy.fromfile(f'{folder}/{name}.raw', '<f4').reshape(-1, 10)
        file[name].set_auto_mask(False)
        assert file[name][...].tobytes() == wanted.tobytes(), name
print('sound')
";
    let output = std::process::Command::new(python)
        .args(["-c", script])
        .args([&path, folder.path()])
        .output()
        .expect("Python");
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("sound"), "{told}");
}
