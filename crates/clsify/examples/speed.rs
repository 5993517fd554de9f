//! Temporary.
use clsify::{encoder::Encoder, features::*, tokenizer::Tokenizer};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let f = std::path::Path::new(&a[1]);
    let t = std::time::Instant::now();
    let e = Encoder::load(f).unwrap();
    println!("load {:?}", t.elapsed());
    let tk = Tokenizer::load(f, 512).unwrap();
    let s: Vec<String> = std::fs::read_to_string(&a[2])
        .unwrap()
        .lines()
        .take(2000)
        .map(|l| l.split('\t').next().unwrap().to_string())
        .collect();
    let t = std::time::Instant::now();
    let enc = tk.encode_batch(&s).unwrap();
    println!("tok {:?} {:?}", t.elapsed(), TokenCounts::of(&enc));
    for _ in 0..2 {
        let t = std::time::Instant::now();
        let m = extract(&e, &enc, &Pooling::Cls.into(), &|_| {}).unwrap();
        println!("embed {:?}", t.elapsed());
        if let Some(o) = a.get(3) {
            save_npy(&m, o.as_ref()).unwrap();
        }
    }
}
