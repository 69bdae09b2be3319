// The circulating currencies of ISO 4217 in alphabetical order, each with the
// digits of its minor unit.
const ACTIVE =
  "AED2AFN2ALL2AMD2AOA2ARS2AUD2AWG2AZN2BAM2BBD2BDT2BGN2BHD3BIF0BMD2BND2BOB2BRL2BSD2BTN2BWP2BYN2BZD2CAD2CDF2" +
  "CHF2CLF4CLP0CNY2COP2CRC2CUP2CVE2CZK2DJF0DKK2DOP2DZD2EGP2ERN2ETB2EUR2FJD2FKP2GBP2GEL2GHS2GIP2GMD2GNF0GTQ2" +
  "GYD2HKD2HNL2HTG2HUF2IDR2ILS2INR2IQD3IRR2ISK0JMD2JOD3JPY0KES2KGS2KHR2KMF0KPW2KRW0KWD3KYD2KZT2LAK2LBP2LKR2" +
  "LRD2LSL2LYD3MAD2MDL2MGA2MKD2MMK2MNT2MOP2MRU2MUR2MVR2MWK2MXN2MYR2MZN2NAD2NGN2NIO2NOK2NPR2NZD2OMR3PAB2PEN2" +
  "PGK2PHP2PKR2PLN2PYG0QAR2RON2RSD2RUB2RWF0SAR2SBD2SCR2SDG2SEK2SGD2SHP2SLE2SOS2SRD2SSP2STN2SVC2SYP2SZL2THB2" +
  "TJS2TMT2TND3TOP2TRY2TTD2TWD2TZS2UAH2UGX0USD2UYU2UYW4UZS2VES2VND0VUV0WST2XAF0XCD2XOF0XPF0YER2ZAR2ZMW2ZWG2";

/** The digits of a currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD; -1 if there is no such currency. */
export function exponentOf(currency: string): i32 {
  if (currency.length != 3) return -1;
  const wanted = letters(currency, 0);
  let low = 0, high = ACTIVE.length / 4;
  while (low < high) {
    const middle = (low + high) / 2;
    const found = letters(ACTIVE, middle * 4);
    if (found == wanted) return ACTIVE.charCodeAt(middle * 4 + 3) - 0x30;
    if (found < wanted) low = middle + 1;
    else high = middle;
  }
  return -1;
}

/** Three letters as a number that sorts as they do. */
function letters(s: string, at: i32): u64 {
  return <u64>s.charCodeAt(at) << 32 | <u64>s.charCodeAt(at + 1) << 16 | s.charCodeAt(at + 2);
}

/** Whole units of a currency in minor units. */
export function minorUnits(whole: i64, exponent: i32): i64 {
  while (exponent--) whole *= 10;
  return whole;
}

/** Minor units as people write them: 12999 with exponent 2 is "129.99". */
export function minorText(minor: i64, exponent: i32): string {
  const s = minor.toString();
  if (!exponent) return s;
  const padded = s.padStart(exponent + 1, "0");
  return padded.slice(0, -exponent) + "." + padded.slice(-exponent);
}
