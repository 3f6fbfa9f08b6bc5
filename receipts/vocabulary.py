"""The words on receipts, as data: what each printed label means, in zh, zh-Hant, English and Malay.

The one place that knows words. Chinese terms are searched anywhere in a label, Latin ones as whole
words on upper-case text; the longest term at a place wins. To teach a new label, add it here.
"""

import re
from enum import StrEnum


class Role(StrEnum):
    """What the amount behind a label is."""

    SUBTOTAL = "subtotal"
    NET = "net"  # before tax
    TOTAL = "total"
    OWED = "owed"
    WHOLE = "whole"  # of a table or contract, not of this payer
    PAID = "paid"  # 实收: owed or handed over, arithmetic decides
    RECEIVED = "received"  # handed over
    CHANGE = "change"
    DISCOUNT = "discount"
    ROUNDING = "rounding"
    CHARGE = "charge"
    TAX = "tax"
    TENDER = "tender"
    DEPOSIT = "deposit"
    DEPOSIT_USED = "deposit_used"
    DEPOSIT_BACK = "deposit_back"
    REFUND = "refund"
    TOPUP = "topup"
    COUNT = "count"
    NOT_MONEY = "not_money"  # points, balances, savings so far, codes
    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"
    BARE = "bare"  # an amount alone on its line among the sums


_ROLES: dict[Role, str] = {
    Role.SUBTOTAL: "小计 小計 商品合计 原价合计 吊牌合计 原价 小結 商品金额 菜品合计 菜金 消费合计 消费金额 消费小计"
    "|SUBTOTAL|SUB TOTAL|SUB-TOTAL|SUBTTL|STTL|SUB TTL|JUMLAH KECIL|GROSS AMT|GROSS AMOUNT|TOTAL GROSS"
    "|GROSS TOTAL|ITEM TOTAL|ITEMS TOTAL|SALES SUBTOTAL|TOTAL BEFORE|FOOD TOTAL",
    Role.TOTAL: "合计 总计 总金额 合計 總數 總計 總額 总额 共计 總金額 合计金额 金额合计 订单金额 交易金额 销售金额 结算金额 总价 總價 金额 开票金额 發票金額"
    "|TOTAL|GRAND TOTAL|NET TOTAL|NETT TOTAL|NETT|NET AMT|NET AMOUNT|NETT AMT|FINAL TOTAL|TTL|TOTAL SALES|TOTAL AMOUNT"
    "|TOTAL AMT|JUMLAH|JUMLAH BESAR|BILL TOTAL|TOTAL BILL|SALE TOTAL|INVOICE TOTAL|AMOUNT|TOTAL RM|TOTAL FACTURE",
    Role.OWED: "应付 应收 应收金额 应付金额 应付款 应付总额 应收合计 需付 应付尾款 本单应收 應付 應收 應付金額 實付金額 折后金额 折后合计 补差价 应补"
    "|AMOUNT DUE|TOTAL DUE|AMOUNT PAYABLE|PAYABLE|TOTAL PAYABLE|BALANCE DUE|BALANCE PAYMENT|NET PAYABLE"
    "|TOTAL AMT PAYABLE|TOTAL PAYABLE AMOUNT|TOTAL AMOUNT PAYABLE|TO PAY|DUE|AMOUNT TO PAY"
    "|JUMLAH PERLU DIBAYAR|PERLU DIBAYAR|TOTAL ROUNDED|ROUNDED TOTAL|TOTAL AMT ROUNDED|TTL ATF RND"
    "|TOTAL AFTER ROUNDING|TOTAL AFTER ADJ|TOTAL AFTER ADJUSTMENT|AMOUNT AFTER ROUNDING",
    Role.WHOLE: "整单合计 合同金额 整单金额 全单合计 桌台合计 合同总额",
    Role.PAID: "实付 实收 实付金额 实收金额 已付 付款金额 实付款 支付金额 支付合计 實收 實付 已付金額 收款 付款 支付 实收合计 付款合计"
    "|PAID|AMOUNT PAID|PAID AMOUNT|TOTAL PAID|PAYMENT|TOTAL PAYMENT|AMT PAID|DIBAYAR|BAYARAN|PAY",
    Role.RECEIVED: "收您 收银 现金实收 收到 付您 收現 實收現金"
    "|RECEIVED|TENDERED|TENDER|TOTAL TENDERED|AMOUNT TENDERED|CASH TENDERED|CASH RECEIVED|TERIMA|DITERIMA"
    "|AMT TENDERED|AMOUNT RECEIVED",
    Role.CHANGE: "找零 找赎 找您 找回 找續 找贖 退现金 找零金额"
    "|CHANGE|CHANGE DUE|BAKI|CASH CHANGE|AMOUNT CHANGE|CHANGE AMT|CHANGE AMOUNT|BALANCE RETURN|YOUR CHANGE",
    Role.DISCOUNT: "优惠 折扣 立减 满减 会员价 特价 促销 让利 折让 优惠券 满减券 免单 赠送 减免 打折 抵扣 抵减 优惠合计 折扣优惠 会员优惠"
    " 折扣额 优惠金额 折扣金额 平台优惠 优惠分摊 会员折扣 整单折扣 優惠 折扣額 減免 八五折 九折 八折"
    "|DISCOUNT|DISC|PROMO|PROMOTION|OFF|LESS|REBATE|COUPON|MEMBER|VIP DISC|DISKAUN|MEMBER DISCOUNT|ITEM DISCOUNT"
    "|TOTAL DISCOUNT|BILL DISCOUNT|LESS DISCOUNT",
    Role.ROUNDING: "抹零 抹分 舍零 去零 凑整 尾数调整 尾数 四舍五入 四捨五入 尾數 抹去零头 零头 舍入"
    "|ROUNDING|ROUND|ROUNDING ADJ|ROUNDING ADJUSTMENT|ROUND ADJ|RND ADJ|RND|ROUND OFF|ROUNDING ADJUSMENT"
    "|PEMBUNDARAN|PELARASAN|ROUNDING ADJUSTMENTS|ROUNDED|ADJ|ADJUSTMENT|ROUNDING ADJUSTEMENT",
    Role.CHARGE: "服务费 茶位费 餐位费 打包费 包装费 配送费 开瓶费 加一 服務費 茶芥 加一服務費 餐具费 外送费 包间费 茶位 手续费 运费 附加费"
    "|SERVICE CHARGE|SVC CHG|SERVICE CHG|SVC CHARGE|SERVICE|SVR TAX|SERV CHG|SRV CHG|CAJ PERKHIDMATAN|SVC|S C"
    "|DELIVERY FEE|DELIVERY CHARGE|PACKING|TAKEAWAY CHARGE|CORKAGE|SURCHARGE|SERVICE TAX CHARGE|TIPS|TIP",
    Role.TAX: "税额 税率 税 税金 商品税额 稅 稅額 营业税 增值税"
    "|GST|SST|VAT|TAX|CUKAI|SALES TAX|SERVICE TAX|GOV TAX|GOVT TAX|TOTAL GST|TOTAL TAX|GST PAYABLE|GST AMT"
    "|TOTAL GST AMT|GST AMOUNT|TAX AMOUNT|TAX TOTAL|TOTAL SST",
    Role.DEPOSIT: "押金 收押金 收订金 收定金 本次收订金 本次收定金 预付款 预收款 收保证金|DEPOSIT RECEIVED|DEPOSIT PAID NOW",
    Role.DEPOSIT_USED: "已付订金 已付定金 已收订金 已收定金 抵扣订金 抵扣定金 扣订金 扣定金 订金抵扣 定金抵扣 已付押金 预付抵扣 已付預訂金"
    "|LESS DEPOSIT|DEPOSIT PAID|DEPOSIT USED|LESS ADVANCE",
    Role.DEPOSIT_BACK: "应退押金 退押金 退订金 退还押金|DEPOSIT REFUND|DEPOSIT RETURNED",
    Role.REFUND: "应退 实退 退款金额 应退金额 实退金额 退款 退货金额 退款合计 應退 退款金額|REFUND|REFUND AMOUNT|TOTAL REFUND"
    "|AMOUNT REFUNDED|REFUND DUE|REFUND TOTAL|BAYARAN BALIK",
    Role.TOPUP: "充值金额 储值金额 充值 储值 增值金額 增值|TOP-UP AMOUNT|TOP UP AMOUNT|TOPUP AMOUNT|RELOAD AMOUNT",
    Role.COUNT: "件数 数量 份数 总件数 品数 件數 數量 笔数 人数 杯数 人數 商品数 总数量 商品件数"
    "|ITEMS|ITEM COUNT|QTY|TOTAL QTY|NO OF ITEMS|QUANTITY|TOTAL QUANTITY|ITEM S|QTY S|QUANTITY OUT|TOTAL ITEM"
    "|TOTAL ITEMS|KUANTITI|ITEM SOLD|TOTAL ITEM SOLD|NO QTYS|NO ITEMS|PAX|COVERS|TATAL QTY|QUANTITY COUNT|COUNT"
    "|ITEMS COUNT|QTY TOTAL|TOTAL QTYS|NUMBER OF ITEMS",
    Role.NOT_MONEY: "余额 卡余额 储值卡余额 卡内余额 餘額 八達通餘額 结余 剩余 积分 積分 累计 可用积分 本次积分 本店积分 剩余积分 赠送金额"
    " 税号 电话 電話 卡号 单价 單價 未付余额 待付尾款 已省 节省 共节省 共优惠 为您节省 已为您节省 不含税金额 商户优惠 赠送积分 钱包余额 尾号 房号 桌号 台号 备用金"
    "|SAVING|SAVINGS|TOTAL SAVINGS|TOTAL SAVING|YOU SAVED|SAVED|POINTS|POINT|POIN|MATA|TOTAL POINTS|CARD BALANCE|CARD BAL|RC BALANCE"
    "|TEL|FAX|PHONE|HOTLINE|YOUR SAVINGS|RRP|MEMBER POINTS|POINTS BALANCE|REMAINING BALANCE|BALANCE|BAL|DISCOUNTABLE"
    "|GST ID|GST NO|GST REG|REG NO|CO REG|TAXABLE|TAXABLE AMT|ZERO RATED|ZERO TAX|CUSTOMER SAVING|APPROVAL|TABLE"
    "|EXCHANGE|EXCHANGES|EXCHANGED|PRICE CHANGE|RATE|SUPPLIES",
    Role.INCLUSIVE: "含税 含 价税合计 含稅|INCL|INCLUSIVE|WITH GST|WITH TAX|WITH SST|INCLUDES|INCLUDED|INCLUDING|INC|INCLUDE|TERMASUK",
    Role.EXCLUSIVE: "不含税 未税 未稅|EXCL|EXCLUSIVE|EXCLUDING|EXCLUDED|EX|BEFORE TAX|BEFORE GST|EXC|W O",
}  # fmt: skip

#: Ways to pay: kind -> words. The kinds are those of the field's vocabulary.
_TENDERS: dict[str, str] = {
    "cash": "现金 現金 人民币|CASH|TUNAI|RECEIVED CASH|TENDERED CASH|PAID CASH|PAY CASH|TTL CASH|ESPECE|EFECTIVO",
    "wechat_pay": "微信 微信支付 微信付款|WECHAT|WECHAT PAY|WEIXIN",
    "alipay": "支付宝 支付寶 退支付宝|ALIPAY|ALIPAYHK",
    "unionpay_card": "银联 云闪付 银联卡 银行卡 刷卡 退银联卡 借记卡 銀聯 银联刷卡|UNIONPAY|UPI|DEBIT CARD|DEBIT",
    "credit_card": "信用卡|CREDIT CARD|VISA|MASTER|MASTERCARD|MASTER CARD|AMEX|CARD|CREDIT|KAD|KAD KREDIT|VISA CARD|EDC",
    "octopus": "八達通 八达通|OCTOPUS",
    "fps": "轉數快|FPS",
    "digital_yuan": "数字人民币 数币|E-CNY|ECNY",
    "paynow": "|PAYNOW|NETS|GRABPAY|TNG|TOUCH N GO|TOUCHNGO|BOOST|E-WALLET|EWALLET|E WALLET|DUITNOW|QR PAY|E-DOMPET|MYDEBIT|SHOPEEPAY",
    "tenant_stored_value": "储值卡 储值卡支付 会员卡 会员卡支付 购物卡 预付卡 储值支付 储值消费 会员余额 卡支付 余额支付 储值余额支付 禮品卡 礼品卡"
    "|STORE CREDIT|GIFT CARD|STORED VALUE|PREPAID CARD|MEMBER CARD",
    "mall_points": "积分抵现 商场积分 商场积分抵现 积分抵扣 积分抵用|POINTS REDEEMED|POINTS REDEMPTION|MALL POINTS",
    "mall_voucher": "代金券 抵用券 商场代金券 商场券 商场优惠券 现金券 消费券 购物券 禮券 礼券 提货券 電子券"
    "|VOUCHER|BAUCAR|MALL VOUCHER|GIFT VOUCHER|CASH VOUCHER",
    "platform_voucher": "团购券 团购 美团 点评 抖音 抖音券 美团券 大众点评 平台券 口碑 糯米 平台补贴|GROUPON|PLATFORM VOUCHER|FAVE",
    "platform_online": "在线支付 用户在线支付 线上支付 顾客已付 已在线支付 平台支付|PAID ONLINE|ONLINE PAYMENT",
    "on_account": "挂账 签单 挂房账 掛帳 簽單|ON ACCOUNT|CITY LEDGER|ROOM CHARGE|HOUSE ACCOUNT|CHARGE TO ROOM",
}  # fmt: skip

#: Heading words -> the kind of document, in the order of the tests (the first kind found wins).
HEADINGS: tuple[tuple[str, str], ...] = (
    ("redemption_slip", "停车减免 停车抵扣 兑换凭证 兑换券 积分兑换 兑换凭条 积分凭条 积分小票 认领码 停车券|REDEMPTION SLIP|POINTS SLIP|PARKING VOUCHER|REDEMPTION VOUCHER"),
    ("report", "日结 日报 交班 班结 收银汇总 报表 营业报表 盘点 钱箱 交更 日結 对账汇总 营业汇总 销售汇总 交接班 Z报 X报 营业日报 班次|Z REPORT|X REPORT|Z-REPORT|X-REPORT|SHIFT REPORT|END OF DAY|CASH UP|LAPORAN|SHIFT CLOSE|DAILY REPORT|DAILY SALES|SALES REPORT|SHIFT|Z READING|X READING|Z-READ|SETTLEMENT REPORT|SETTLEMENT|CLOSING REPORT|SALES SUMMARY"),
    ("kitchen_ticket", "厨打单 制作单 传菜单 划菜单 出品单 加菜单 催菜 退菜单 退菜 厨房 廚房單 热菜间 后厨 厨房单 备餐单 出餐单 走菜 起菜 叫起 杯贴|KOT|KITCHEN|KITCHEN ORDER|ORDER TICKET|PESANAN DAPUR|KITCHEN TICKET|BAR ORDER"),
    ("training", "培训 练习 培训模式 练习单 测试单 测试打印 打印测试 自检 演示 訓練|TRAINING|TRAINING MODE|TEST PRINT|SELF TEST|SELFTEST|PRACTICE|TEST PAGE|DEMO MODE|TEST RECEIPT|PRINTER TEST"),
    ("payment_slip", "签购单 POS签购单 支付凭证 扫码支付凭证 刷卡凭证 商户存根 持卡人存根 交易凭条 付款凭证 簽購單 商户存根联 银行存根 收款凭证 支付凭条|SALES SLIP|MERCHANT COPY CARD|CARDHOLDER COPY|CARD SALES SLIP|PAYMENT SLIP"),
    ("invoice_slip", "电子发票提取 发票提取 开票凭证 提取凭证 扫码开票 开票小票 电子发票 开票申请 开票提取码 发票二维码 自助开票|E-INVOICE SLIP|E-INVOICE REQUEST"),
    ("pre_bill", "预结单 预打单 客看单 对账单 埋单 核对单 消费清单 对單 對單 预结 点菜单 点单 客单 预览单 埋單 未结账 待结账 待付款 催款单 点餐单 下单凭证|GUEST CHECK|PRO FORMA|PROFORMA|NOT A RECEIPT|UNPAID|BIL SEMENTARA|PRE-BILL|PRE BILL|PREBILL|TABLE CHECK|CHECK BILL|INTERIM BILL|PROVISIONAL BILL|DRAFT BILL|QUOTATION|ORDER SLIP|ORDER CHIT|DELIVERY NOTE|PRO-FORMA|SALES ORDER|PURCHASE ORDER|STATEMENT"),
    ("delivery_order", "外卖 外卖单 外卖平台 美团外卖 饿了么 平台单 配送单 预订单 京东到家 外賣 饿了么外卖|FOODPANDA|GRABFOOD|DELIVEROO|DELIVERY ORDER"),
    ("topup", "充值 储值 续费 办卡 购卡 开卡 激活 充值凭条 会员充值 增值 充值单 充值成功 售卡 充值小票 储值单|TOP-UP|TOPUP|TOP UP|RELOAD|GIFT CARD SALE|ACTIVATION|TAMBAH NILAI"),
    ("deposit", "订金 定金 押金 预付 预收 保证金 预授权 訂金 按金 订金单 押金单 定金单 预收款 意向金 預收 押金收据|DEPOSIT|ADVANCE|PRE-AUTH|PREAUTH|PENDAHULUAN|PRE-AUTHORISATION|DEPOSIT RECEIPT|ADVANCE PAYMENT"),
    ("void", "作废 整单作废 整单取消 撤单 取消 作廢 撤销 已取消 交易取消 取消单 撤銷 冲正 红冲|VOID|VOIDED|CANCELLED|CANCELED|BATAL|CANCELLATION|REVERSAL|VOID SALE"),
    ("refund", "退货 退款 退单 反结账 退货单 退款单 退貨 退款凭证 退换货 退菜退款 退貨單|REFUND|RETURN|CREDIT NOTE|BAYARAN BALIK|PULANGAN|SALES RETURN|RETURN SLIP|REFUND RECEIPT|NOTA KREDIT|REFUNDED"),
    ("exchange", "换货 换货单 換貨 换货小票|EXCHANGE|EXCHANGE SLIP|PERTUKARAN"),
    ("on_account", "挂账 签单 挂账签单 掛帳 挂账单 簽單|ON ACCOUNT|CITY LEDGER|CHARGE SLIP"),
)  # fmt: skip

#: Headings that say "this is a sale": they settle a doubtful word beside them.
SALE_HEADINGS = "结账单 销售小票 消费小票 销售单 购物小票 结账小票 收银小票 收据 小票 结算单 账单 收據 結賬單 銷售單 宾客账单 影票 消费单 商品销售 收款单 收银凭证 購物收據 收费单|TAX INVOICE|RECEIPT|INVOICE|INVOIS CUKAI|RESIT|CASH SALE|CASH BILL|CASH SALES|GUEST FOLIO|OFFICIAL RECEIPT|SALES RECEIPT|BILL"

#: Words that name a kind wherever they stand (a pre-bill says so at the bottom).
ANYWHERE: tuple[tuple[str, str], ...] = (
    ("pre_bill", "未付款 不作为结账凭证 仅供核对 非结账凭证 不作为付款凭证 不作结账凭证 请到收银台结账 非收据 並非收據 扫码买单 不作为付款依据 請到收銀處|NOT A RECEIPT|THIS IS NOT A RECEIPT|NOT A TAX INVOICE|THIS IS NOT AN INVOICE|BUKAN RESIT"),
    ("training", "培训模式 练习模式 训练模式|TRAINING MODE|NOT A VALID RECEIPT|NO SALE"),
)  # fmt: skip

#: Fields of bank terminal and wallet slips; four of them make a payment slip.
PAYMENT_FIELDS = "商户名称 商户编号 商户号 终端编号 终端号 发卡行 收单行 卡号 有效期 交易类型 批次号 凭证号 授权码 参考号 持卡人签名 商户存根 持卡人存根 商户订单号 交易单号 支付方式 交易成功 流水号(POS) 检索参考号 發卡行 交易類型 授權碼 商戶編號 終端編號|MERCHANT ID|MID|TERMINAL ID|TID|BATCH NO|BATCH|TRACE NO|TRACE|APPROVAL CODE|APPR CODE|AUTH CODE|RRN|REF NO|CARD NO|CARD TYPE|AID|TVR|TC|CARDHOLDER|ENTRY MODE|HOST|TSI|STAN|SIGNATURE|EXPIRY|MERCHANT COPY|CUSTOMER COPY|I AGREE TO PAY"

#: Words of a print that has been made before.
REPRINT = "补打 重打 重印 重新打印 复印 副本 重打印 重打印凭证 补印 補印 补打单 重複列印 重复打印 再次打印 補列印|REPRINT|RE-PRINT|REPRINTED|DUPLICATE|DUPLICATE COPY|SALINAN|CETAK SEMULA|DUPLICATE RECEIPT|COPY RECEIPT|RECEIPT COPY|COPY OF RECEIPT|REPRINT RECEIPT"
#: Whose copy it is; no reprint.
COPY_MARKS = "顾客联 商户联 客户联 存根联 顧客聯 商戶聯 顾客存根 商家联 第一联 第二联 收银联 财务联|CUSTOMER COPY|MERCHANT COPY|STORE COPY|SHOP COPY|SALINAN PELANGGAN|CUSTOMER'S COPY|CUSTOMERS COPY|CUST COPY|OFFICE COPY|MERCHANT'S COPY"
#: In footers: never a kind.
FOOTER_PHRASES = "可退换 不退 概不退换 概不退款 无退换 退换货须知 凭小票 如需退换 恕不退换 不可退 不予退 退货原因 多退少补 可退 退货请 退换 七天无理由|NO REFUND|NOT REFUNDABLE|NON REFUNDABLE|NO CASH REFUND|NO EXCHANGE|NOT RETURNABLE|NO RETURN|REFUND POLICY|EXCHANGE POLICY|FOR EXCHANGE|RETURN POLICY|REFUNDABLE|RETURNABLE|EXCHANGE WITHIN|EXCHANGE ARE|EXCHANGEABLE|FOR REFUND|AND EXCHANGE|EXCHANGE OR|OR EXCHANGE|OR REFUND"

#: Number labels: what the number is, best first.
NUMBERS: dict[str, str] = {
    "original": "原小票号 原单号 原销售单号 原订单号 原流水号 原账单号 原票号 关联订金单 关联单号 关联订单 原交易号 原收据号 原單號 原小票 原单 退货原单号 关联小票号"
    "|ORIGINAL RECEIPT|ORIGINAL RECEIPT NO|ORIG RECEIPT|ORIGINAL INVOICE|ORIGINAL INV NO|ORIGINAL BILL NO|ORIGINAL NO|ORIGINAL BILL|REF RECEIPT|ORIGINAL TRANS|ORIG INV|ORIGINAL",
    "own": "小票号 账单号 帐单号 单号 销售单号 收据号 票号 小票编号 单据号 结账单号 收銀單號 單號 收據編號 收據號 單據編號 小票号码 票据号 交易编号 销售编号 结算单号 收银单号 帳單編號 發票號碼 平台单号"
    "|RECEIPT NO|RECEIPT #|RECEIPT|RCPT NO|RCPT|RCPT #|BILL NO|BILL #|INVOICE NO|INVOICE #|INV NO|INV #|INV|INVOICE NUMBER|INVOICE|RECEIPT NUMBER|CHECK #|CHECK NO"
    "|CHK|NO RESIT|NO BIL|DOC NO|DOCUMENT NO|SLIP NO|BILL|TAX INVOICE NO|CASH BILL NO|SALES NO|INVOIS NO|NO INVOIS|CS NO|CASH SALE NO|C/S NO|INV. NO|DOC #|BILL#|RECEIPT#|INVOICE#|INV#|CHK#|R/N|SALE ID|SALES ID|RCP#",
    "order": "订单号 交易号 流水号 商户订单号 序号 订单编号 訂單號 訂單編號 交易編號 訂單號碼 平台订单号 NO"
    "|ORDER NO|ORDER #|ORDER|TRANS #|TRANS NO|TRANSACTION NO|TRANSACTION|TRN|TRX|TXN|TRX NO|TXN NO|TRANS|NO|ORDER NUMBER|TRANSACTION #|TRAN|TRANSACTION ID|ORD#|ORD #|TRANS#|TRX ID",
}  # fmt: skip
#: Labels of numbers that are never the receipt's own.
OTHER_NUMBERS = "取餐号 桌号 牌号 排队号 台号 机号 款台 POS机号 工号 收银员 收银 操作员 导购 营业员 服务员 人数 件数 卡号 会员 会员号 电话 終端 终端号 终端编号 商户编号 商户号 批次号 凭证号 授权码 参考号 交易单号 税号 房号 台號 枱號 收銀 收銀機 收銀員 VIP 授权 座位 班次 前台 店号 门店号 厅 签字 时间 日期 Z序号 提取码|TABLE|TABLE NO|CASHIER|POS|POS NO|TILL|COUNTER|TERMINAL|REG|OPERATOR|SERVER|STAFF|TEL|FAX|GST NO|GST ID|GST REG NO|SST NO|CO REG|REG NO|CO REG NO|DATE|TIME|SALESPERSON|PAX|COVER|GUEST|MEMBER|CARD NO|PAGE|SHIFT|KAUNTER|JURUWANG|SST ID|ROC NO|COMPANY NO|GST|BATCH|TRACE|APPROVAL CODE|QUEUE NO|MACHINE|STORE|BRANCH|OUTLET|PHONE|HP|MOBILE|H/P|TIN|BRN|GST REG|LOT NO|LOT|PLATE"  # fmt: skip

#: Labels of times: rank (lower is better); None is a time that is not the receipt's.
TIMES: tuple[tuple[int | None, str], ...] = (
    (0, "结账 结账时间 交易时间 交易日期 消费时间 销售时间 售票 作废 退款时间 退货时间 交班 日期时间 结算时间 付款时间 支付时间 開票時間 結帳時間 交易時間 收银时间 买单时间 取号 作废时间|CLOSED|CLOSED AT|TRANSACTION DATE|TRANS DATE|SALE DATE|PAID AT|CHECKOUT|INVOICE DATE|INV DATE|RECEIPT DATE|BILL DATE|DOC DATE"),
    (1, "时间 日期 時間|DATE|TIME|TARIKH|MASA|DATED|DATE/TIME|DATE TIME"),
    (3, "打印 打印时间 列印 列印時間 打印日期 出单时间|PRINTED|PRINT DATE|PRINTED ON|PRINT TIME|PRINTED AT"),
    (4, "下单 开台 下单时间 开台时间 入座 开单 接班 点单时间 订单时间 開台 落單 开单时间|OPENED|OPEN|ORDER TIME|ORDERED|ORDER DATE|CHECK IN|OPENED AT|START"),
    (5, "营业日 营业日期 營業日|BUSINESS DATE|BUSINESS DAY"),
    (None, "场次 入场 有效期至 有效期 期望送达 补打时间 补打 重打时间 重打 重印 原结账 原时间 抵店 离店 入住 预计 放映 提货 交货 截止 到期 原日期 原交易时间 预约 送达 上市 生产日期 兑换截止 入場 有效 退房 補印 开场 预产|VALID|EXPIRY|EXPIRES|EXP|REPRINT|REPRINTED|SHOWTIME|DUE DATE|DELIVERY|ARRIVAL|DEPARTURE|SHOW TIME|VALID UNTIL|VALID TILL|EXP DATE|ORIGINAL DATE|CHECK OUT DATE|DUPLICATE|UNTIL|OPENING HOURS|SHOPPING HOURS|BUSINESS HOURS|HRS"),
)  # fmt: skip

#: Words at the head of a sheet that are no shop's name.
NOT_A_SHOP = "欢迎 光临 歡迎 谢谢 地址 电话 電話 第 桌号 单号 号|WELCOME|THANK YOU|TEL|FAX|GST|ORIGINAL|COPY|TAX INVOICE|INVOICE|RECEIPT|CASH SALES|CASH BILL|DATE"
#: Words in a line under the shop's name that make it a branch.
BRANCH = re.compile(r"店|廣場|广场|商场|商場|天地|购物中心|[LBGFＬＢ]\d|铺|號舖|\(.+\)|（.+）")

#: A product line with these words sells stored value.
TOPUP_ITEM = re.compile(
    "充值|储值|购物卡(?!支付)|礼品卡|预付卡|办卡|增值|售卡|开卡|TOP.?UP|RELOAD|GIFT CARD|PREPAID", re.IGNORECASE
)

#: Column heads: the items start under them.
ITEM_HEADS = re.compile(
    r"品名|商品(?!合计|金额|税)|菜名|菜品|项目|名称.*(数|价|金)|數量|数量.*(单价|金额|小计)|货号|款号"
    r"|DESCRIPTION|\bITEM\b.*\b(QTY|PRICE|AMOUNT|AMT|RM|TOTAL)\b|\bQTY\b.*\b(ITEM|PRICE|AMOUNT|AMT|DESC|U\.?P|TOTAL)"
    r"|\bPRICE\b.*\b(AMOUNT|AMT|TOTAL|QTY|DISC)|DESIGNATION|BUTIR|\bITEM\s*$|PERKARA",
    re.IGNORECASE,
)

#: The small table that repeats tax per rate.
TAX_TABLE = re.compile(
    r"(GST|SST|TAX|VAT)\s*(SUMMARY|ANALYSIS|SUMM|DETAILS|CODE|RATE|TYPE)|SUMMARY\s*(AMOUNT|AMT|\()|TAX\s*\((RM|\$)\)",
    re.IGNORECASE,
)


def terms(words: str) -> list[str]:
    """Return the terms of one table entry: Chinese ones by blanks, then Latin ones by bars."""
    chinese, *latin = words.split("|")
    return [*chinese.split(), *(term for term in latin if term)]


class Lexicon:
    """Terms with a value each, searched in a label in one pass, the longest at a place first."""

    def __init__(self, entries: list[tuple[str, object]]) -> None:
        self._values: dict[str, object] = {}
        for words, value in entries:
            for term in terms(words):
                self._values.setdefault(term, value)
        ordered = sorted(self._values, key=len, reverse=True)
        latin = [re.escape(term) for term in ordered if term.isascii()]
        other = [re.escape(term) for term in ordered if not term.isascii()]
        self._latin = re.compile(rf"(?<![A-Z])(?:{'|'.join(latin)})(?![A-Z])") if latin else None
        self._other = re.compile("|".join(other)) if other else None

    def find(self, label: str) -> list[tuple[str, object]]:
        """Return the terms in an upper-case label with their values, in order."""
        hits: list[tuple[int, str]] = []
        if self._latin is not None and re.search("[A-Z]", label):
            hits += [(match.start(), match[0]) for match in self._latin.finditer(label)]
        if self._other is not None and not label.isascii():
            hits += [(match.start(), match[0]) for match in self._other.finditer(label)]
        hits.sort()
        return [(term, self._values[term]) for _, term in hits]

    def first(self, label: str) -> object | None:
        """Return the value of the first term in an upper-case label, None without one."""
        found = self.find(label)
        return found[0][1] if found else None


AMOUNT_WORDS = Lexicon(
    [(words, (Role.TENDER, kind)) for kind, words in _TENDERS.items()]
    + [(words, (role, "")) for role, words in _ROLES.items()]
)
HEADING_WORDS = Lexicon([(words, kind) for kind, words in HEADINGS])
SALE_WORDS = Lexicon([(SALE_HEADINGS, "sale")])
ANYWHERE_WORDS = Lexicon([(words, kind) for kind, words in ANYWHERE])
PAYMENT_WORDS = Lexicon([(PAYMENT_FIELDS, "field")])
REPRINT_WORDS = Lexicon([(REPRINT, "reprint"), (COPY_MARKS, "copy")])
FOOTER_WORDS = Lexicon([(FOOTER_PHRASES, "footer")])
NUMBER_WORDS = Lexicon(
    [(words, rank) for rank, words in NUMBERS.items()] + [(OTHER_NUMBERS, "other")]
)
TIME_WORDS = Lexicon([(words, rank) for rank, words in TIMES])
SHOP_WORDS = Lexicon([(NOT_A_SHOP, "not")])
