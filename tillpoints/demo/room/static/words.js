// Every word of the control room, in Chinese and English. No other module holds one.

const WORDS = {
  title: ["澄湖天地 · 控制室", "Chenghu Place · control room"],
  subtitle: [
    "总台、两台收银、一台自助机，全在这台电脑上",
    "Central, two tills and a kiosk, all on this machine",
  ],
  central: ["总台", "Central"],
  other_language: ["English", "中文"],
  count_sum: ["总账合计", "Sum of all"],
  count_transfers: ["记账", "Transfers"],
  count_owned: ["会员持有", "Points held"],
  go: ["执行第 {n} 步", "Do step {n}"],
  tour_done: ["再来一遍", "Once more"],
  tour_end: [
    "就是这样。现在随便按：每个按钮都是门店里会发生的事。",
    "That is it. Now press anything: every button is something that happens in a shop.",
  ],
  sell: ["结账", "Sell"],
  goods: ["卖什么", "What to sell"],
  random: ["随机一单", "Any basket"],
  refund: ["退上一单", "Refund last"],
  reprint: ["补打", "Reprint"],
  kitchen: ["厨打单", "Kitchen ticket"],
  card_slip: ["签购单", "Card slip"],
  unclear: ["打一张看不清的", "Print an unclear one"],
  scan: ["扫码", "Scan"],
  what: ["扫什么", "What to scan"],
  net_cut: ["断网", "Cut network"],
  net_plug: ["恢复网络", "Plug it back"],
  feed_out: ["缺纸", "Paper out"],
  feed_in: ["装纸", "Refill paper"],
  power_off: ["关打印机", "Printer off"],
  power_on: ["开打印机", "Printer on"],
  kill_agent: ["强杀程序", "Kill agent"],
  kill_tap: ["强杀旁路盒", "Kill tap"],
  online: ["在线", "Online"],
  offline: ["离线", "Offline"],
  link_cut: ["网线已断", "Cable out"],
  restarting: ["重启中", "Restarting"],
  queue: ["待上传 {n}", "{n} to send"],
  head: ["日志 #{seq} {hash}", "Journal #{seq} {hash}"],
  head_none: ["日志为空", "Journal empty"],
  life: ["进程 {pid}", "pid {pid}"],
  life_again: ["进程 {pid} · 重启 {n} 次", "pid {pid} · restarted {n}×"],
  printer_on: ["打印机", "Printer"],
  printer_paper_out: ["打印机缺纸", "Out of paper"],
  printer_off: ["打印机已关", "Printer off"],
  ledger: ["总账流水", "Master ledger"],
  no_bookings: [
    "还没有积分变动。从上面的第 1 步开始。",
    "No points have moved yet. Begin with step 1 above.",
  ],
  members: ["会员余额", "Members"],
  no_members: ["有了积分的会员会出现在这里。", "Members with points appear here."],
  desk: ["服务台打印机", "Service desk printer"],
  statement: ["打印对账单", "Print statement"],
  claim: ["刚打印的认领凭条", "Newest claim slip"],
  voucher: ["刚打印的兑换券", "Newest voucher"],
  unknown: ["未登记的新卡", "A card nobody knows"],
  payment: ["微信付款码", "A WeChat payment code"],
  group_members: ["会员", "Members"],
  group_slips: ["凭条上的码", "Codes on slips"],
  group_others: ["其他", "Others"],
  tier_ordinary: ["普通", "ordinary"],
  tier_silver: ["银卡", "silver"],
  tier_gold: ["金卡", "gold"],
  tier_diamond: ["钻石", "diamond"],
  points: ["{n} 分", "{n} pts"],
  to_kiosk: ["到自助机扫描", "Scan at the kiosk"],
  to_till: ["到 till-2 核销", "Hand in at till-2"],
  enlarge: ["放大", "Enlarge"],
  kind_pos: ["POS 单据", "From the POS"],
  kind_award: ["积分凭条", "Points slip"],
  kind_claim: ["认领凭条", "Claim slip"],
  kind_refund: ["扣分凭条", "Refund slip"],
  kind_redemption: ["兑换凭条", "Voucher"],
  kind_review: ["待处理凭条", "Review notice"],
  kind_balance: ["余额", "Balance"],
  kind_statement: ["对账单", "Statement"],
  ended: ["演示已结束。", "The demo has ended."],
};

const KEY = "language";
const forced = new URLSearchParams(location.search).get("lang");
let chosen = forced ?? sessionStorage.getItem(KEY) ?? "zh";

export const language = () => chosen;

export function toggleLanguage() {
  chosen = chosen === "zh" ? "en" : "zh";
  sessionStorage.setItem(KEY, chosen);
}

/** The words for a key with {name} filled in. Throws on a key without words. */
export function t(key, values = {}) {
  const words = WORDS[key];
  if (!words) throw new Error(`no words for ${key}`);
  const said = words[chosen === "zh" ? 0 : 1];
  return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** One of a pair that the server sends as [zh, en] or {zh, en}. */
export const named = (it) => (Array.isArray(it) ? it[chosen === "zh" ? 0 : 1] : it[chosen]);

export function translate(root) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
  }
}
