//! The conformance strategy (package guests/tck/tck says what each behaviour
//! is) in Rust.

use swapline::{emit, log_with, now, state_delete, state_get, state_put};
use swapline::{Concat, Error, Items, Level, Map, Members, Refused, Strategy};

struct Tck {
    config: Vec<u8>,
    behaviour: String,
    count: i64,
}

impl Strategy for Tck {
    fn new(config: Map) -> Result<Self, Error> {
        let behaviour = config.text("behaviour").unwrap_or("").to_string();
        match behaviour.as_str() {
            "construct_error" => Err(Error::new("bad_config", "the constructor refuses this config")),
            "construct_panic" => panic!("constructor of the conformance strategy"),
            "construct_nil" => Err(Error::fault("the constructor made no strategy")),
            _ => Ok(Tck { config: config.encoded().to_vec(), behaviour, count: 0 }),
        }
    }

    fn execute(&mut self, input: Map, out: &mut Members) -> Result<(), Error> {
        let name = match self.behaviour.as_str() {
            "choose" => input.text("behaviour").unwrap_or("").to_string(),
            fixed => fixed.to_string(),
        };
        self.behave(&name, input, out)
    }

    fn validates(&self) -> bool {
        self.behaviour.starts_with("validate_")
    }

    fn validate(&mut self) -> Result<(), Error> {
        match self.behaviour.as_str() {
            "validate_error" => Err(Error::new("dependency_unreachable", "the rate table cannot be reached")),
            "validate_panic" => panic!("the conformance strategy panics in validate"),
            "validate_spin" => spin(),
            _ => Ok(()),
        }
    }
}

impl Tck {
    fn behave(&mut self, name: &str, input: Map, out: &mut Members) -> Result<(), Error> {
        let config = Map::decode(&self.config).expect("the config is a map");
        match name {
            "echo" | "validate_ok" | "validate_error" | "validate_panic" | "validate_spin" => drop(out.all(input)),
            "adder" => return add(input, config, out),
            "config" => drop(out.put("config", config)),
            "counter" => {
                self.count += 1;
                out.put("count", self.count);
            }
            "log" => log_with(Level::Warn, "conformance line", |m| drop(m.put("amount", 7))),
            "now" => drop(out.put("unix", now() / 1_000_000_000)),
            "emit" | "state" | "forget" => {
                effect(name, out).map_err(|r: Refused| Error::new(r.code, r.message))?;
                if input.get("reject").is_some() {
                    return Err(rejection());
                }
            }
            "reject" => return Err(rejection()),
            "plain" => return Err("an error without a code".into()),
            _ => return misbehave(name, out),
        }
        Ok(())
    }
}

fn add(input: Map, config: Map, out: &mut Members) -> Result<(), Error> {
    match (input.int("a"), input.int("b")) {
        (Some(a), Some(b)) => {
            out.put("sum", a + b).put("version", config.get("version"));
            Ok(())
        }
        _ => Err(Error::new("bad_input", "a and b must be integers")),
    }
}

fn effect(name: &str, out: &mut Members) -> Result<(), Refused> {
    if name == "emit" {
        emit("tck.happened", |m| drop(m.put("n", 1)))?;
        return emit("tck.happened", |m| drop(m.put("n", 2)));
    }
    let kept = state_get("count")?;
    if name == "forget" {
        out.put("found", kept.is_some());
        return state_delete("count");
    }
    let n = kept.and_then(|r| r.value().as_i64()).unwrap_or(0) + 1;
    out.put("count", n);
    state_put("count", n)
}

fn rejection() -> Error {
    Error::new("tck_rejected", "the amount is above the limit").details(|m| {
        m.put("limit", 100).put("currency", "EUR");
    })
}

fn misbehave(name: &str, out: &mut Members) -> Result<(), Error> {
    match name {
        "panic" => panic!("the conformance strategy panics"),
        "spin" => spin(),
        "stubborn" => {
            let end = now() + 200_000_000;
            while now() < end {}
            return Err("the stubborn call went on to its end".into());
        }
        "domain" => drop(out.put("$bytes", 1)), // the key that no map has
        "nan" => drop(out.put("value", f64::NAN)),
        "deep" => drop(out.list("value", |l| nested(l, 9_999))),
        "empty" => {}
        "numbers" => numbers(out),
        _ => {
            let message = ["the conformance strategy has no behaviour ", name].concat();
            return Err(Error::new("unknown_behaviour", message));
        }
    }
    Ok(())
}

fn numbers(out: &mut Members) {
    out.put("int", 1).put("int8", 1i8).put("uint16", 1u16).put("int64", 1i64);
    out.put("float32", 1f32).put("float64", 1f64);
}

fn nested(l: &mut Items, depth: usize) {
    if depth > 0 {
        l.list(|inner| nested(inner, depth - 1));
    } else {
        l.add(Concat(&["the ", "bottom"]));
    }
}

fn spin() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

swapline::register!(Tck);
