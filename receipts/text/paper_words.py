"""The words that tell papers, numbers and times apart, as data: zh, zh-Hant, English and Malay.

Searched by `lexicon` in the same way as `amount_words`.
"""

import re

#: Heading words by kind of document, in the order of the tests: the first kind found wins.
HEADINGS: dict[str, str] = {
    "redemption_slip": """
        停车减免|停车抵扣|兑换凭证|兑换券|积分兑换|兑换凭条|积分凭条|积分小票|认领码|停车券
        REDEMPTION SLIP|POINTS SLIP|PARKING VOUCHER|REDEMPTION VOUCHER
    """,
    "report": """
        日结|日报|交班|班结|收银汇总|报表|营业报表|盘点|钱箱|交更|日結|对账汇总|营业汇总
        销售汇总|交接班|Z报|X报|营业日报|班次|收银员对账|收银对账|款项汇总|交款单|缴款单|收款汇总
        结算总计|结算总计单|总计单|批结算|批次结算
        现金盘点|钱箱支出|钱箱存入|备用金|营业额汇总|支付汇总|收款统计|营业统计|月结|月报|周报|读数
        工资条|工资单|薪资单
        Z REPORT|X REPORT|Z-REPORT|X-REPORT|SHIFT REPORT|END OF DAY|CASH UP|LAPORAN|SHIFT CLOSE
        DAILY REPORT|DAILY SALES|SALES REPORT|SHIFT|Z READING|X READING|Z-READ|SETTLEMENT REPORT
        SETTLEMENT|CLOSING REPORT|SALES SUMMARY|PAID OUT|PAID IN|CASH IN|PAYOUT|PETTY CASH
        CASH DROP|CASH PICKUP|CASHIER REPORT|TENDER SUMMARY|PAYMENT SUMMARY|CASH DECLARATION
        SAFE DROP|CASH LIFT|CASH OUT|FLOAT|OPENING FLOAT|PETTY CASH PAID OUT|CASH PAYOUT
        CASH PAID OUT
        SALES BY ITEM|SALES BY DEPARTMENT|SALES BY CATEGORY|HOURLY SALES|TOP SELLERS|PRODUCT MIX
        PAYSLIP|PAY SLIP|SALARY SLIP|PLU REPORT|DEPARTMENT SALES|CASH PAID IN|SUPPLIER PAYOUT
    """,
    "kitchen_ticket": """
        厨打单|制作单|传菜单|划菜单|出品单|加菜单|加菜|加单|催菜|退菜单|退菜|厨房|廚房單|热菜间|后厨
        厨房单|备餐单|出餐单|走菜|起菜|叫起|杯贴|凉菜间|冷菜间|面点间|烧腊间|点心间|传菜
        KOT|KITCHEN|KITCHEN ORDER|ORDER TICKET|PESANAN DAPUR|KITCHEN TICKET|BAR ORDER
    """,
    "training": """
        培训|练习|培训模式|练习单|测试单|测试打印|打印测试|自检|演示|訓練|测试页|打印机测试
        TRAINING|TRAINING MODE|TEST PRINT|SELF TEST|SELFTEST|PRACTICE|TEST PAGE|DEMO MODE
        TEST RECEIPT|PRINTER TEST|DEMO VERSION|DEMO RECEIPT|DEMO COPY|NOT FOR SALE|TRIAL VERSION
    """,
    "payment_slip": """
        签购单|POS签购单|支付凭证|扫码支付凭证|刷卡凭证|商户存根|持卡人存根|交易凭条|付款凭证
        簽購單|商户存根联|银行存根|收款凭证|支付凭条|八達通收據|八达通收据
        SALES SLIP|MERCHANT COPY CARD|CARDHOLDER COPY|CARD SALES SLIP|PAYMENT SLIP
    """,
    "invoice_slip": """
        电子发票提取|发票提取|开票凭证|提取凭证|扫码开票|开票小票|电子发票|开票申请|开票提取码
        发票二维码|自助开票
        E-INVOICE SLIP|E-INVOICE REQUEST
    """,
    "pre_bill": """
        预结单|预打单|客看单|对账单|埋单|核对单|消费清单|对單|對單|预结|点菜单|点单|客单|预览单
        埋單|未结账|待结账|待付款|催款单|点餐单|下单凭证|报价单|報價單|报价|估价单|核單
        GUEST CHECK|PRO FORMA|PROFORMA|NOT A RECEIPT|UNPAID|BIL SEMENTARA|PRE-BILL|PRE BILL
        PREBILL|PRELIMINARY BILL|RUNNING BILL|TABLE CHECK
        CHECK BILL|INTERIM BILL|PROVISIONAL BILL|DRAFT BILL|QUOTATION
        ORDER SLIP|ORDER CHIT|DELIVERY NOTE|PRO-FORMA|SALES ORDER|PURCHASE ORDER|STATEMENT
    """,
    "delivery_order": """
        外卖|外卖单|外卖平台|美团外卖|饿了么|平台单|配送单|预订单|京东到家|外賣|饿了么外卖
        FOODPANDA|GRABFOOD|DELIVEROO|DELIVERY ORDER
    """,
    "topup": """
        充值|储值|续费|办卡|购卡|开卡|激活|充值凭条|会员充值|增值|加值|儲值
        充值单|充值成功|售卡|充值小票
        储值单
        TOP-UP|TOPUP|TOP UP|RELOAD|GIFT CARD SALE|ACTIVATION|TAMBAH NILAI
    """,
    "deposit": """
        订金|定金|押金|预付|预收|保证金|预授权|訂金|按金|订金单|押金单|定金单|预收款|意向金|預收
        押金收据
        DEPOSIT|ADVANCE|PRE-AUTH|PREAUTH|PENDAHULUAN|PRE-AUTHORISATION|DEPOSIT RECEIPT
        ADVANCE PAYMENT
    """,
    "void": """
        作废|整单作废|整单取消|撤单|取消|作廢|撤销|已取消|交易取消|取消单|撤銷|冲正|红冲
        VOID|VOIDED|CANCELLED|CANCELED|BATAL|CANCELLATION|REVERSAL|VOID SALE
    """,
    "refund": """
        退货|退款|退单|反结账|退货单|退款单|退貨|退款凭证|退换货|退菜退款|退貨單
        REFUND|RETURN|CREDIT NOTE|BAYARAN BALIK|PULANGAN|SALES RETURN|RETURN SLIP|REFUND RECEIPT
        NOTA KREDIT|REFUNDED|RETURNED GOODS|GOODS RETURNED|RETURN GOODS|GOODS RETURN|RETURNED
        SALE RETURN|SALES REFUND|SALE REFUND|RETURN RECEIPT|RETURNS
    """,
    "exchange": """
        换货|换货单|換貨|换货小票
        EXCHANGE|EXCHANGE SLIP|PERTUKARAN
    """,
    "on_account": """
        挂账|签单|挂账签单|掛帳|挂账单|簽單
        ON ACCOUNT|CITY LEDGER|CHARGE SLIP
    """,
}

#: Headings of pre-bills that some tills print over paid bills too: a payment makes them sales.
WEAK_PRE_BILL = frozenset({
    "GUEST CHECK", "TABLE CHECK", "CHECK BILL", "ORDER SLIP", "ORDER CHIT", "DELIVERY NOTE",
    "SALES ORDER", "STATEMENT", "点菜单", "点单", "客单", "点餐单", "消费清单",
})  # fmt: skip

#: Headings that say "this is a sale".
SALE_HEADINGS = """
    结账单|销售小票|消费小票|销售单|购物小票|结账小票|收银小票|收据|小票|结算单|账单|收據|結賬單
    銷售單|宾客账单|影票|消费单|商品销售|收款单|收银凭证|購物收據|收费单|收费凭证|結帳單
    TAX INVOICE|RECEIPT|INVOICE|INVOIS CUKAI|RESIT|CASH SALE|CASH BILL|CASH SALES|GUEST FOLIO
    OFFICIAL RECEIPT|SALES RECEIPT|BILL|INV NO|INVOICE NO|RECEIPT NO|QUITTUNG|KASSENBON|RECIBO
"""

#: Words that name a kind wherever they stand (a pre-bill says so at the bottom).
ANYWHERE: dict[str, str] = {
    "pre_bill": """
        未付款|不作为结账凭证|仅供核对|非结账凭证|不作为付款凭证|不作结账凭证|请到收银台结账
        非收据|並非收據|並非正式收據|并非正式收据|非正式收據|非正式收据|不是收据
        扫码买单|不作为付款依据|請到收銀處|待支付|未支付|待付款|尚未付款|待结账
        未结账|尚未结账|尚未付清|未付款单|到店支付|请到前台付款|请至收银台付款
        NOT A RECEIPT|THIS IS NOT A RECEIPT|NOT A TAX INVOICE|THIS IS NOT AN INVOICE|BUKAN RESIT
    """,
    "training": """
        培训模式|练习模式|训练模式
        TRAINING MODE|NOT A VALID RECEIPT|NO SALE
    """,
}

#: Fields of bank terminal and wallet slips; four of them make a payment slip.
PAYMENT_FIELDS = """
    商户名称|商户编号|商户号|终端编号|终端号|发卡行|收单行|卡号|有效期|交易类型|批次号|凭证号
    授权码|参考号|持卡人签名|商户存根|持卡人存根|商户订单号|交易单号|支付方式|交易成功
    流水号(POS)|检索参考号|發卡行|交易類型|授權碼|商戶編號|終端編號
    MERCHANT ID|MID|TERMINAL ID|TID|BATCH NO|BATCH|TRACE NO|TRACE|APPROVAL CODE|APPR CODE
    AUTH CODE|RRN|REF NO|CARD NO|CARD TYPE|AID|TVR|TC|CARDHOLDER|ENTRY MODE|HOST|TSI|STAN
    SIGNATURE|EXPIRY|MERCHANT COPY|CUSTOMER COPY|I AGREE TO PAY|SIGN|APPROVED|CONTACTLESS
    NO SIGNATURE REQUIRED|PIN VERIFIED|CARDHOLDER SIGNATURE|APP LABEL|TRANS TYPE|RESP CODE|AUTH
    八達通號碼|扣除金額|裝置號碼|交易號碼|扣款金額|EXP|APPR|RREF|APPROVAL
"""

#: Figures of a till's day; two of them make a report.
REPORT_FIELDS = """
    营业额|账单数|交易笔数|客单价|净销售|毛销售|净销售额|销售总额|开台数|退货笔数|平均单价|订单数
    来客数|现金应有|现金实有|长短款|应交现金|上缴金额|班次开始|班次结束|總營業額|交易宗數
    GROSS SALES|NET SALES|TRANSACTION COUNT|NO OF TRANSACTIONS|AVERAGE SALE|CUSTOMER COUNT
    CASH IN DRAWER|EXPECTED CASH|OVER SHORT|OPENING FLOAT|CLOSING FLOAT|RECEIPT COUNT
    BILL COUNT|VOID COUNT|REFUND COUNT|TOTAL BILLS|TOTAL TRANSACTIONS|SALES COUNT
"""

#: Words of a print that was made before.
REPRINT = """
    补打|重打|重印|重新打印|复印|副本|重打印|重打印凭证|补印|補印|补打单|重複列印|重复打印
    再次打印|補列印
    REPRINT|RE-PRINT|REPRINTED|DUPLICATE|DUPLICATE COPY|SALINAN|CETAK SEMULA|DUPLICATE RECEIPT
    COPY RECEIPT|RECEIPT COPY|COPY OF RECEIPT|REPRINT RECEIPT
"""

#: Whose copy it is; no reprint.
COPY_MARKS = """
    顾客联|商户联|客户联|存根联|顧客聯|商戶聯|顾客存根|商家联|第一联|第二联|收银联|财务联
    CUSTOMER COPY|MERCHANT COPY|STORE COPY|SHOP COPY|SALINAN PELANGGAN|CUSTOMER'S COPY
    CUSTOMERS COPY|CUST COPY|OFFICE COPY|MERCHANT'S COPY
"""

#: Phrases of footers: lines with them name no kind.
FOOTER_PHRASES = """
    可退换|不退|概不退换|概不退款|无退换|退换货须知|凭小票|如需退换|恕不退换|不可退|不予退
    退货原因|多退少补|退货截止|退换截止|可退|退货请|退换|七天无理由|可换货|凭此票|过号作废|逾期作废
    过期作废
    遗失不补|涂改作废|涂改无效|作废无效|過號作廢|逾期作廢|可更换|不予退换|隔日作废|当日作废
    退款请|退款将|如需退款|申请退款|退款原路|退订|取消订单请|作廢無效|退貨請|退換|恕不退款
    NO REFUND|NOT REFUNDABLE|NON REFUNDABLE|NO CASH REFUND|NO EXCHANGE|NOT RETURNABLE|NO RETURN
    REFUND POLICY|EXCHANGE POLICY|FOR EXCHANGE|RETURN POLICY|REFUNDABLE|RETURNABLE
    EXCHANGE WITHIN|EXCHANGE ARE|EXCHANGEABLE|FOR REFUND|AND EXCHANGE|EXCHANGE OR|OR EXCHANGE
    OR REFUND
"""

#: Labels of numbers: the original's, the paper's own, and second best the order's.
NUMBERS: dict[str, str] = {
    "original": """
        原小票号|原单号|原销售单号|原订单号|原流水号|原账单号|原票号|关联订金单|关联单号
        关联订单|原交易号|原收据号|原單號|原小票|原单|退货原单号|关联小票号
        ORIGINAL RECEIPT|ORIGINAL RECEIPT NO|ORIG RECEIPT|ORIGINAL INVOICE|ORIGINAL INV NO
        ORIGINAL BILL NO|ORIGINAL NO|ORIGINAL BILL|REF RECEIPT|ORIGINAL TRANS|ORIG INV|ORIGINAL
        REF INVOICE|REF INV|INVOICE REF|REF BILL|REF BILL NO|REF INVOICE NO|REF INV NO
        AGAINST INVOICE|SALE REF|ORIG TRANS|ORIG RECEIPT NO|ORIG BILL
    """,
    "own": """
        小票号|账单号|帐单号|单号|销售单号|收据号|票号|小票编号|单据号|结账单号|收銀單號|單號
        收據編號|收據號|單據編號|小票号码|票据号|交易编号|销售编号|结算单号|收银单号|帳單編號
        發票號碼|平台单号|编号|編號|结算单|结账单|销售单|账单|小票|退货单号
        退款单号|结帐单号|销货单号
        收款收据|收据
        RECEIPT NO|RECEIPT #|RECEIPT|RCPT NO|RCPT|RCPT #|BILL NO|BILL #|INVOICE NO|INVOICE #
        INV NO|INV #|INV|INVOICE NUMBER|INVOICE|RECEIPT NUMBER|CHECK #|CHECK NO|CHK|NO RESIT
        NO BIL|BIL NO|NO. BIL|NO. RESIT|DOC NO|DOCUMENT NO|SLIP NO|BILL|TAX INVOICE NO
        CASH BILL NO|SALES NO|INVOIS NO
        NO INVOIS|CS NO|CASH SALE NO|C/S NO|INV. NO|DOC #|BILL#|RECEIPT#|INVOICE#|INV#|CHK#|R/N
        SALE ID|SALES ID|RCP#|TC#|TC NO|BIL|BILLNO|INVOICENO|RECEIPTNO|INVNO|RCPTNO|CHECK|CHECKNO
        INVOIS|REC|REC NO|RECPT|RECPT NO|TICKET|TICKET NO|CREDIT NOTE NO|CREDIT NOTE|CN NO|REFUND NO
        RETURN NO|BON-NR|BON NR|BELEG|BELEG-NR|BELEG NR|RECHNUNG|RECHNUNGSNR|RECHNUNG NR|QUITTUNG
        FACTURA|FACTURE|FACTURA SIMPLIFICADA|N° TICKET|TICKET N°|FACTURE N°|領収書|レシート|伝票
    """,
    "order": """
        订单号|交易号|流水号|流水|商户订单号|序号|订单编号|訂單號|訂單編號|交易編號|訂單號碼
        平台订单号|订单|序號|交易序號|流水號
        NO|ORDER NO|ORDER #|ORDER|TRANS #|TRANS NO|TRANSACTION NO|TRANSACTION|TRN|TRX|TXN|TRX NO
        TXN NO|TRANS|NO|ORDER NUMBER|TRANSACTION #|TRAN|TRANSACTION ID|ORD#|ORD #|TRANS#|TRX ID
        REF|REFERENCE|TRXNO|TRANSNO|ORDERNO
    """,
}

#: Labels of numbers that are never the receipt's own.
OTHER_NUMBERS = """
    取餐号|取单号|取货号|取件号|取餐码|取货码|叫号|桌号|牌号|排队号|台号|机号|款台|POS机号|工号
    收银员|收银|操作员|导购|营业员|服务员
    人数|件数|卡号|会员|会员号|电话|終端|终端号|终端编号|商户编号|商户号|批次号|凭证号|授权码
    参考号|交易单号|税号|房号|台號|枱號|收銀|收銀機|收銀員|授权|座位|班次|前台|店号|门店号|厅
    签字|时间|日期|Z序号|提取码|統一編號|統編|统一社会信用代码|會員編號|会员编号|商品编号|设备编号
    机器编号|门店编号|店铺编号|賣方|買方|隨機碼|终端机编号|收银机编号|員工編號|员工编号|门市编号
    分店編號|商店編號|人员编号|货号|款号|条码|車牌|车牌|訂位編號|会员卡号|项目编号
    VIP|TABLE|TABLE NO|CASHIER|POS|POS NO|TILL|COUNTER|TERMINAL|REG|OPERATOR|SERVER|STAFF|TEL
    FAX|GST NO|GST ID|GST REG NO|SST NO|CO REG|REG NO|CO REG NO|DATE|TIME|SALESPERSON|PAX|COVER
    GUEST|MEMBER|CARD NO|PAGE|SHIFT|KAUNTER|JURUWANG|SST ID|ROC NO|COMPANY NO|GST|BATCH|TRACE
    APPROVAL CODE|QUEUE NO|MACHINE|STORE|BRANCH|OUTLET|PHONE|HP|MOBILE|H/P|TIN|BRN|GST REG
    LOT NO|LOT|PLATE|SHOP NO|SHOP|STORE NO|UNIT NO|UNIT|SUITE|STORE #|SEAT|ROOM|ROOM NO|KIOSK
"""

#: Labels of times by rank, lower is better; None is a time that is not the receipt's.
TIMES: dict[int | None, str] = {
    0: """
        结账|结账时间|交易时间|交易日期|消费时间|销售时间|售票|作废|退款时间|退货时间|交班
        日期时间|结算时间|付款时间|支付时间|開票時間|結帳時間|交易時間|收银时间|买单时间|取号
        作废时间|结束时间|完成时间|离场时间|出场时间|充电结束
        CLOSED|CLOSED AT|TRANSACTION DATE|TRANS DATE|SALE DATE|PAID AT|CHECKOUT|INVOICE DATE
        INV DATE|RECEIPT DATE|BILL DATE|DOC DATE|PAID|PAID TIME|PAYMENT TIME|EXIT|EXIT TIME
    """,
    1: """
        时间|日期|時間
        DATE|TIME|TARIKH|MASA|DATED|DATE/TIME|DATE TIME
    """,
    3: """
        打印|打印时间|列印|列印時間|打印日期|出单时间
        PRINTED|PRINT DATE|PRINTED ON|PRINT TIME|PRINTED AT
    """,
    4: """
        开始时间|开始|开房时间|下单|开台|下单时间|开台时间|入座|开单|接班|点单时间|订单时间|開台
        落單|开单时间
        OPENED|OPEN|ORDER TIME|ORDERED|ORDER DATE|CHECK IN|OPENED AT|START
    """,
    5: """
        营业日|营业日期|營業日
        BUSINESS DATE|BUSINESS DAY
    """,
    None: """
        场次|入场|有效期至|有效期|期望送达|补打时间|补打|重打时间|重打|重印|原结账|原时间|抵店
        离店|入住|预计|放映|提货|交货|截止|到期|原日期|原交易时间|预约|送达|上市|生产日期
        兑换截止|入場|有效|退房|補印|开场|预产
        VALID|EXPIRY|EXPIRES|EXP|REPRINT|REPRINTED|SHOWTIME|DUE DATE|DELIVERY|ARRIVAL|DEPARTURE
        SHOW TIME|VALID UNTIL|VALID TILL|EXP DATE|ORIGINAL DATE|CHECK OUT DATE|DUPLICATE|UNTIL
        ENTRY|ENTRY TIME|TIME IN|ENTERED|OPENING HOURS|SHOPPING HOURS|BUSINESS HOURS|HRS
    """,
}

#: Words in the first lines that make a line no shop's name.
NOT_A_SHOP = """
    欢迎|光临|歡迎|谢谢|地址|电话|電話|第|桌号|单号|号
    WELCOME|THANK YOU|TEL|FAX|GST|ORIGINAL|COPY|TAX INVOICE|INVOICE|RECEIPT|CASH SALES|CASH BILL
    DATE
"""

#: Words in a line under the shop's name that make it a branch.
BRANCH = re.compile(r"店|廣場|广场|商场|商場|天地|购物中心|[LBGF]\d|铺|號舖|\(.+\)")

#: A product line with these words sells stored value or takes a deposit.
TOPUP_ITEM = re.compile(
    "订金|定金|押金|充值|储值|购物卡(?!支付)|礼品卡|预付卡|办卡|增值|售卡|开卡|加值|点卡|禮品卡"
    "|TOP.?UP|RELOAD|DEPOSIT|GIFT CARD|PREPAID|ACTIVATION|WALLET CODE|GIFT CODE|STEAM WALLET"
    "|GOOGLE PLAY|ITUNES",
    re.IGNORECASE,
)

#: Money taken in for somebody else, given out, or put at stake.
FOR_OTHERS = """
    代收|代缴|代繳|代充|货款|物业费|物业管理费|捐赠|捐款|募捐|善款|彩票|投注|户号|戶號|抄表|话费
    罚款|燃气费|煤气费|社保费|汇款|匯款|外币兑换|外幣兌換|找換店|兌換店
    BILL PAYMENT|E-PIN|EPIN|E PIN|CASH BACK|CASHBACK|DONATION|LOTTERY|REMITTANCE|MONEY TRANSFER
    MONEY CHANGER|CURRENCY EXCHANGE|WE SELL|WE BUY|POSTPAID|KOMPAUN|SAMAN|HIRE PURCHASE|INSURANCE
    PREMIUM POLICY|BTC|BITCOIN|CRYPTO|PAJAK GADAI|PAWN|4D|TOTO|MTCN|PRINCIPAL
"""

#: Papers that are no completed sale, by what they are when a line says nothing else.
NO_SALES: dict[str, str] = {
    "pre_bill": """
        待收款|未买单|仅供参考|预打|支付超时|等待付款
        AWAITING PAYMENT|PLEASE PAY|QUOTE|ESTIMATE|PRO-FORMA INVOICE|PROFORMA INVOICE|SEBUT HARGA
        BELUM BAYAR|BELUM DIBAYAR|ON HOLD|HELD|HELD SALE|PARKED SALE|HOLD BILL
    """,
    "on_account": """
        赊账|赊销|免单|招待|内部招待|记账单
        CREDIT SALE|CHARGE TO ROOM|HOUSE ACCOUNT|COMPLIMENTARY|ON THE HOUSE
        STAFF MEAL|STAFF PURCHASE
    """,
    "training": """
        试机
        DEMO|LATIHAN|LATIHAN SAHAJA
    """,
    "deposit": """
        LAYAWAY|LAY-BY|LAYBY|LAY BY|BOOKING FEE|LAYAWAY PAYMENT
    """,
    "topup": """
        GIFT CARD ACTIVATION|GIFT CARD SALE
    """,
    "kitchen_ticket": """
        厨打
        KITCHEN COPY|KITCHEN
    """,
    "void": """
        冲销|冲红|冲红单
    """,
    "refund": """
        CREDIT VOUCHER|CREDIT VOUCHER ISSUED|STORE CREDIT ISSUED
    """,
    "other": """
        挂单|备货单|拣货单|送货单|出库单|入库单|调拨|调拨单|对账|代收|代缴
        PACKING SLIP|PACKING LIST|PICK LIST|PICKING LIST|STOCK TRANSFER|TRANSFER OUT|TRANSFER IN
        GOODS RECEIVED|GOODS RECEIVED NOTE|WASTAGE|DAY END|STOCK TAKE
    """,
}

#: Column heads: the items start under them.
ITEM_HEADS = re.compile(
    r"品名|品项|商品(?!合计|金额|税)|菜名|菜品|项目|名称.*(数|价|金)|數量"
    r"|数量.*(单价|金额|小计)|货号|款号"
    r"|DESCRIPTION|\bITEM\b.*\b(QTY|PRICE|AMOUNT|AMT|RM|TOTAL)\b"
    r"|\bQTY\b.*\b(ITEM|PRICE|AMOUNT|AMT|DESC|U\.?P|TOTAL)"
    r"|\bPRICE\b.*\b(AMOUNT|AMT|TOTAL|QTY|DISC)|DESIGNATION|BUTIR|\bITEM\s*$|PERKARA"
)

#: The small table that repeats tax per rate.
TAX_TABLE = re.compile(
    r"[GSTV](?:(?:ST|AX|AT)\s*(?:SUMM|ANALYSIS|DETAILS|CODE|RATE|TYPE)"
    r"|UMMARY\s*(?:AMOUNT|AMT|\()|AX\s*\((?:RM|\$)\))"
)
