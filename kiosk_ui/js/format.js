// How numbers, money and times are written. Pure.

const MARKS = { CNY: "¥", HKD: "HK$", MOP: "MOP$", TWD: "NT$", SGD: "S$", MYR: "RM" };
const MINUS = "\u2212";
const NONE = "\u2014";

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");

export const points = (count) =>
  count === null ? NONE : (count < 0 ? MINUS : "") + grouped(String(Math.abs(count)));

/** Points as a change: +214, −214, 0. */
export const change = (count) => (count > 0 ? `+${points(count)}` : points(count));

/** A decimal string with its currency: ¥1,214.00. The amount never becomes a float. */
export function money(amount, currency) {
  const [, sign, whole, rest] = /^(-?)(\d+)(.*)$/.exec(amount);
  const mark = MARKS[currency] ?? `${currency} `.trimStart();
  return `${sign ? MINUS : ""}${mark}${grouped(whole)}${rest}`;
}

/** The clock time that a receipt was printed with; "" when it has none. */
export const clockTime = (printed) => /\d{1,2}:\d{2}/.exec(printed)?.[0] ?? "";

/** Time left as 2:41; never below 0:00. */
export function timeLeft(leftMs) {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A long receipt number by its end, which is what tells two receipts of a day apart. */
export const shortNumber = (number) =>
  number && number.length > 8 ? `#${number.slice(-6)}` : (number ?? "");

/** The digits of a masked member number that people know it by: ****1234 gives 1234. */
export const tail = (masked) => masked.replace(/\*/g, "");

/** A code in groups of four, with separator between them. */
export const fours = (code, separator) =>
  code.replace(/[^0-9A-Za-z]/g, "").match(/.{1,4}/g)?.join(separator) ?? "";
