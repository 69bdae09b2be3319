import { CODES, NAMES, OFFSETS } from "./mcc_table";

/** A coarse fraud risk of a merchant category. */
export enum Risk { Ordinary, Travel, Elevated, High }

/** The description of a merchant category code, or null if there is no such code. */
export function descriptionOf(code: i32): string | null {
  let low = 0, high = CODES.length;
  while (low < high) {
    const middle = (low + high) / 2;
    const found = <i32>unchecked(CODES[middle]);
    if (found == code) return NAMES.substring(OFFSETS[middle], OFFSETS[middle + 1] - 1);
    if (found < code) low = middle + 1;
    else high = middle;
  }
  return null;
}

/** The class of a code, as examples/riskscore/mcc groups them. */
export function riskOf(code: i32): Risk {
  switch (code) {
    case 4829: case 6051: // money transfer, quasi cash
    case 5966: case 5967: // outbound and inbound telemarketing
    case 7273: // dating and escort services
    case 7800: case 7801: case 7802: case 7995: // lotteries, casinos, racing, betting
      return Risk.High;
    case 5094: case 5944: // precious stones, watches, jewellery
    case 5122: case 5912: // drugs
    case 5732: case 5734: // electronics, software
    case 5815: case 5816: case 5817: case 5818: // digital goods
    case 5921: case 5993: // alcohol, tobacco
    case 5962: case 5964: case 5965: case 5968: case 5969: // direct marketing
    case 6010: case 6011: case 6012: case 6211: // cash, financial institutions, brokers
    case 7994: // video game arcades
      return Risk.Elevated;
    case 4111: case 4112: case 4121: case 4131: case 4411: case 4511: case 4722: case 7011: case 7512:
      return Risk.Travel;
  }
  return code >= 3000 && code <= 3999 ? Risk.Travel : Risk.Ordinary; // airlines, car rental, hotels
}
