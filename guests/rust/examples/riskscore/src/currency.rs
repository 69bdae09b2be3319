//! The circulating currencies of ISO 4217.

/// Sorted, four bytes each.
const ACTIVE: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
    CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG \
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD \
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF \
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW \
    UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG ";

/// Searches a sorted list of codes, four bytes each.
fn listed(list: &str, code: &[u8]) -> bool {
    let (mut low, mut high) = (0, list.len() / 4);
    while low < high {
        let middle = (low + high) / 2;
        match code.cmp(&list.as_bytes()[4 * middle..4 * middle + 3]) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => high = middle,
            std::cmp::Ordering::Greater => low = middle + 1,
        }
    }
    false
}

/// The digits of a currency's minor unit: 2 for EUR, 0 for JPY.
pub fn exponent(currency: &str) -> Option<u32> {
    let code = currency.as_bytes();
    if !listed(ACTIVE, code) {
        return None;
    }
    Some(match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    })
}

/// Whole units in minor ones.
pub fn minor(whole: i64, exponent: u32) -> i64 {
    whole * 10i64.pow(exponent)
}

/// 12999 with exponent 2 is "129.99".
pub fn text(amount: i64, exponent: u32) -> String {
    if exponent == 0 {
        return amount.to_string();
    }
    // The one before the fraction keeps its zeros; it becomes the point.
    let unit = minor(1, exponent);
    let fraction = (unit + amount % unit).to_string();
    [&(amount / unit).to_string(), ".", &fraction[1..]].concat()
}
