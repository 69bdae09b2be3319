use swapline::{encode, Bytes, Error, Map, Value};

#[test]
fn members_are_sorted_and_read_back() {
    let b = encode(|m| {
        m.put("amount", 12950).put("rate", 0.5).put("card", Bytes(&[1, 2]));
        m.list("tags", |l| drop(l.add("new").add(())));
    });
    // The worked example of package abi/wire.
    let want = b"\xa4\x64card\x42\x01\x02\x64rate\xf9\x38\x00\x64tags\x82\x63new\xf6\x66amount\x19\x32\x96";
    assert_eq!(b, want);
    let m = Map::decode(&b).unwrap();
    assert_eq!((m.int("amount"), m.float("rate"), m.int("rate")), (Some(12950), Some(0.5), None));
    assert_eq!(m.get("card").and_then(Value::as_bytes), Some(&[1u8, 2][..]));
    assert_eq!(m.list("tags").unwrap().len(), 2);
    assert!(m.get("none").is_none());
}

#[test]
fn truncated_maps_are_absent() {
    let b = encode(|m| drop(m.put("text", "a long text").put("n", 70_000)));
    for end in 0..b.len() {
        let found = Map::decode(&b[..end]).and_then(|m| m.text("text"));
        assert!(found.is_none(), "{} bytes", end);
    }
}

#[test]
fn a_text_is_an_error_with_the_common_code() {
    let e = Error::from("no");
    assert_eq!((e.code(), e.message()), ("business_error", "no"));
}
