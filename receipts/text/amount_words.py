"""The words beside amounts, as data: zh, zh-Hant, English and Malay.

What each label says its amount is. `lexicon` searches them: terms are parted by bars or line ends,
Chinese ones are found anywhere in a label, Latin ones as whole words on upper-case text, and the
longest term at a place wins. To teach a new label, add it here.
"""

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
    INCLUSIVE = "inclusive"  # of tax
    EXCLUSIVE = "exclusive"  # of tax
    BARE = "bare"  # an amount alone on its line among the sums


ROLES: dict[Role, str] = {
    Role.SUBTOTAL: """
        小计|小計|商品合计|原价合计|吊牌合计|原价|小結|商品金额|菜品合计|菜金|消费合计|消费金额
        消费小计|ZWISCHENSUMME|SOUS-TOTAL|SOUS TOTAL
        小計額
        SUBTOTAL|SUB TOTAL|SUB-TOTAL|SUBTTL|STTL|SUB TTL|JUMLAH KECIL|GROSS AMT|GROSS AMOUNT
        TOTAL GROSS|GROSS TOTAL|ITEM TOTAL|ITEMS TOTAL|SALES SUBTOTAL|TOTAL BEFORE|FOOD TOTAL
    """,
    Role.NET: """
        銷售額|應稅銷售額|未稅金額|NETTO|MONTANT HT|TOTAL HT
    """,
    Role.TOTAL: """
        合计|总计|总金额|合計|總數|總計|總額|总额|共计|總金額|合计金额|金额合计|订单金额
        交易金额|销售金额|结算金额|总价|總價|金额|开票金额|發票金額|价税合计|價稅合計|实洋|小写|小寫
        会员价合计|会员合计|成交金额|成交额|成交合计|折后总额|优惠后金额|优惠后合计|优惠后|折后
        TOTAL|GRAND TOTAL|NET TOTAL|NETT TOTAL|NETT|NET AMT|NET AMOUNT|NETT AMT|FINAL TOTAL|TTL
        TOTAL SALES|TOTAL AMOUNT|TOTAL AMT|JUMLAH|JUMLAH BESAR|BILL TOTAL|TOTAL BILL|SALE TOTAL
        INVOICE TOTAL|AMOUNT|TOTAL RM|TOTAL FACTURE|AMT|SUMME|GESAMT|GESAMTBETRAG|TOTAL TTC|TOTALE
        MONTANT|IMPORTE|합계|총액|결제금액
    """,
    Role.OWED: """
        应付|应收|应收金额|应付金额|应付款|应付总额|应收合计|需付|应付尾款|本单应收|應付|應收
        應付金額|實付金額|折后金额|折后合计|补差价|应补
        AMOUNT DUE|TOTAL DUE|AMOUNT PAYABLE|PAYABLE|TOTAL PAYABLE|BALANCE DUE|BALANCE PAYMENT
        NET PAYABLE|TOTAL AMT PAYABLE|TOTAL PAYABLE AMOUNT|TOTAL AMOUNT PAYABLE|TO PAY|DUE
        AMOUNT TO PAY|JUMLAH PERLU DIBAYAR|PERLU DIBAYAR|TOTAL ROUNDED|ROUNDED TOTAL
        TOTAL AMT ROUNDED|TTL ATF RND|TOTAL AFTER ROUNDING|TOTAL AFTER ADJ
        TOTAL AFTER ADJUSTMENT|AMOUNT AFTER ROUNDING|ZU ZAHLEN|A PAYER|NET A PAYER|A PAGAR|ご請求額
    """,
    Role.WHOLE: """
        整单合计|合同金额|整单金额|全单合计|桌台合计|合同总额|全單合計|整單合計|原单合计
    """,
    Role.PAID: """
        扣款金額|扣除金額|扣款金额
        实付|实收|实付金额|实收金额|已付|付款金额|实付款|支付金额|支付合计|實收|實付|已付金額
        收款|付款|支付|实收合计|付款合计
        PAID|AMOUNT PAID|PAID AMOUNT|TOTAL PAID|PAYMENT|TOTAL PAYMENT|AMT PAID|DIBAYAR|BAYARAN
        PAY
    """,
    Role.RECEIVED: """
        收您|收银|现金实收|收到|付您|收現|實收現金|收现|收您现金|收现金
        RECEIVED|TENDERED|TENDER|TOTAL TENDERED|AMOUNT TENDERED|CASH TENDERED|CASH RECEIVED
        TERIMA|DITERIMA|AMT TENDERED|AMOUNT RECEIVED|GEGEBEN|お預り|お預かり|預り金|받은금액
    """,
    Role.CHANGE: """
        找零|找赎|找您|找回|找續|找贖|找零金额|退现金|退現金
        CHANGE|CHANGE DUE|BAKI|CASH CHANGE|AMOUNT CHANGE|CHANGE AMT|CHANGE AMOUNT|BALANCE RETURN
        YOUR CHANGE|ZURÜCK|ZURUECK|RÜCKGELD|RUECKGELD|RENDU|TROCO|お釣り|お釣|釣銭|거스름돈
    """,
    Role.DISCOUNT: """
        优惠|折扣|立减|满减|会员价|特价|促销|让利|折让|优惠券|满减券|免单|赠送|减免|打折|抵扣
        抵减|优惠合计|折扣优惠|会员优惠|折扣额|优惠金额|折扣金额|平台优惠|优惠分摊|会员折扣
        整单折扣|優惠|折扣額|減免|八五折|九折|八折|生日券|折扣券|新人券|会员券|红包|直降|活动优惠
        店庆优惠|整单优惠|单品优惠|新客立减|无门槛券|体验券|折價券|現金折扣|會員折扣|滿減|赠券
        DISCOUNT|DISC|PROMO|PROMOTION|OFF|LESS|REBATE|COUPON|MEMBER|VIP DISC|DISKAUN
        MEMBER DISCOUNT|ITEM DISCOUNT|TOTAL DISCOUNT|BILL DISCOUNT|LESS DISCOUNT|RABATT|REMISE
    """,
    Role.ROUNDING: """
        抹零|抹分|舍零|去零|凑整|尾数调整|尾数|四舍五入|四捨五入|尾數|抹去零头|零头|舍入
        ROUNDING|ROUND|ROUNDING ADJ|ROUNDING ADJUSTMENT|ROUND ADJ|RND ADJ|RND|ROUND OFF
        ROUNDING ADJUSMENT|PEMBUNDARAN|PELARASAN|ROUNDING ADJUSTMENTS|ROUNDED|ADJ|ADJUSTMENT
        ROUNDING ADJUSTEMENT
    """,
    Role.CHARGE: """
        服务费|茶位费|餐位费|打包费|包装费|配送费|开瓶费|加一|服務費|茶芥|加一服務費|餐具费
        外送费|包间费|茶位|手续费|运费|附加费|低消补差|低消差额|包厢费|包房费|开台费|卡座费|台位费
        场地费|湿巾费|餐盒费|餐盒|包装盒|保温袋|夜间服务费|人工费|工时费|停车费|打包盒|外卖盒
        小费|小費|打赏|贴士|貼士
        SERVICE CHARGE|SERV CHARGE|SER CHARGE|S CHARGE|SER CHG|SERVICE CHRG|SVC CHG|SERVICE CHG
        SVC CHARGE|SERVICE|SVR TAX|SERV CHG|SRV CHG
        CAJ PERKHIDMATAN|SVC|S C|DELIVERY FEE|DELIVERY CHARGE|PACKING|TAKEAWAY CHARGE|CORKAGE
        SURCHARGE|SERVICE TAX CHARGE|TIPS|TIP
    """,
    Role.TAX: """
        税额|税率|税|税金|商品税额|稅|稅額|营业税|增值税
        GST|SST|VAT|TAX|CUKAI|SALES TAX|SERVICE TAX|GOV TAX|GOVT TAX|TOTAL GST|TOTAL TAX
        CGST|SGST|IGST|UTGST|CESS|HST|PST|QST|MWST|TVA|IVA|BTW|消費税|부가세
        GST PAYABLE|GST AMT|TOTAL GST AMT|GST AMOUNT|TAX AMOUNT|TAX TOTAL|TOTAL SST
    """,
    Role.DEPOSIT: """
        押金|收押金|收订金|收定金|本次收订金|本次收定金|预付款|预收款|收保证金
        DEPOSIT RECEIVED|DEPOSIT PAID NOW|TOTAL DEPOSIT|DEPOSIT AMOUNT|AMOUNT DEPOSITED
        存入金额|存款金额
    """,
    Role.DEPOSIT_USED: """
        已付订金|已付定金|已收订金|已收定金|抵扣订金|抵扣定金|扣订金|扣定金|订金抵扣|定金抵扣
        已付押金|预付抵扣|已付預訂金|已收押金|已交押金|押金抵扣|已预付|预付款抵扣|已交订金|已交定金
        LESS DEPOSIT|DEPOSIT PAID|DEPOSIT USED|LESS ADVANCE
    """,
    Role.DEPOSIT_BACK: """
        应退押金|退押金|退订金|退还押金
        DEPOSIT REFUND|DEPOSIT RETURNED
    """,
    Role.REFUND: """
        应退|实退|退款金额|应退金额|实退金额|退款|退货金额|退款合计|應退|退款金額
        CREDIT NOTE ISSUED|STORE CREDIT ISSUED
        REFUND|REFUND AMOUNT|TOTAL REFUND|AMOUNT REFUNDED|REFUND DUE|REFUND TOTAL|BAYARAN BALIK
    """,
    Role.TOPUP: """
        充值金额|储值金额|充值|储值|增值金額|增值|加值|加值金額|儲值|开卡|办卡|购卡|售卡|续费|激活
        ACTIVATION|GIFT CARD SALE|GIFT CARD ACTIVATION|RELOAD|TOP-UP|TOP UP|TOPUP
        TOP-UP AMOUNT|TOP UP AMOUNT|TOPUP AMOUNT|RELOAD AMOUNT
    """,
    Role.COUNT: """
        件数|数量|份数|总件数|品数|件數|數量|笔数|人数|杯数|人數|商品数|总数量|商品件数|册数|点数
        ITEMS|ITEM COUNT|QTY|TOTAL QTY|NO OF ITEMS|QUANTITY|TOTAL QUANTITY|ITEM S|QTY S
        QUANTITY OUT|TOTAL ITEM|TOTAL ITEMS|KUANTITI|ITEM SOLD|TOTAL ITEM SOLD|NO QTYS|NO ITEMS
        PAX|COVERS|TATAL QTY|QUANTITY COUNT|COUNT|ITEMS COUNT|QTY TOTAL|TOTAL QTYS
        NUMBER OF ITEMS
    """,
    Role.NOT_MONEY: """
        余额|卡余额|储值卡余额|卡内余额|餘額|八達通餘額|结余|剩余|积分|積分|累计|可用积分
        本次积分|本店积分|剩余积分|赠送金额|税号|电话|電話|卡号|单价|單價|未付余额|待付尾款|已省
        节省|共节省|共优惠|为您节省|已为您节省|不含税金额|商户优惠|赠送积分|钱包余额|尾号|房号
        桌号|台号|备用金|收银员|收银机|收銀員|收銀機|卡號|桌台|枱號|餘款|单品原价|吊牌价|门市价
        参考价|划线价|升数|加油量|油量|加油升数|里程|码洋
        欠款|尚欠|OUTSTANDING|BALANCE OUTSTANDING|AMOUNT OUTSTANDING|AMOUNT OWING|UNPAID BALANCE
        LOYALTY|LOYALTY CARD|REWARDS|CLUBCARD|CARD NO|CARD NUMBER|CARD #|REMAINING VALUE
        SAVING|SAVINGS|TOTAL SAVINGS|TOTAL SAVING|YOU SAVED|SAVED|POINTS|POINT|POIN|MATA
        TOTAL POINTS|CARD BALANCE|CARD BAL|RC BALANCE|TEL|FAX|PHONE|HOTLINE|YOUR SAVINGS|RRP
        MEMBER POINTS|POINTS BALANCE|REMAINING BALANCE|BALANCE|BAL|DISCOUNTABLE|GST ID|GST NO
        GST REG|REG NO|CO REG|TAXABLE|TAXABLE AMT|ZERO RATED|ZERO TAX|CUSTOMER SAVING|APPROVAL
        TOTAL KM|KM|DISTANCE|MILEAGE|TABLE|EXCHANGE|EXCHANGES|EXCHANGED|PRICE CHANGE|RATE
        SUPPLIES|INCLUDED IN TOTAL
        INCL IN TOTAL|INCLUDED IN PRICE|INCLUDED IN ABOVE|INCLUDED IN BILL|IN TOTAL
    """,
    Role.INCLUSIVE: """
        含税|含|含稅
        INCL|INCLUSIVE|WITH GST|WITH TAX|WITH SST|INCLUDES|INCLUDED|INCLUDING|INC|INCLUDE
        TERMASUK
    """,
    Role.EXCLUSIVE: """
        不含税|未税|未稅
        EXCL|EXCLUSIVE|EXCLUDING|EXCLUDED|EX|BEFORE TAX|BEFORE GST|EXC|W O
    """,
}

#: Ways to pay, by the kinds of `loyalty.receipt.Tender`.
TENDERS: dict[str, str] = {
    "cash": """
        现金|現金|人民币
        CASH|TUNAI|RECEIVED CASH|TENDERED CASH|PAID CASH|PAY CASH|TTL CASH|ESPECE|EFECTIVO|ESPECES
        CONTANTI|DINHEIRO|ESPÈCES|현금
    """,
    "wechat_pay": """
        微信|微信支付|微信付款
        WECHAT|WECHAT PAY|WEIXIN
    """,
    "alipay": """
        支付宝|支付寶|退支付宝
        ALIPAY|ALIPAYHK
    """,
    "unionpay_card": """
        银联|云闪付|银联卡|银行卡|刷卡|退银联卡|借记卡|銀聯|银联刷卡
        UNIONPAY|UPI|DEBIT CARD|DEBIT
    """,
    "credit_card": """
        信用卡|预授权完成
        CREDIT CARD|VISA|MASTER|MASTERCARD|MASTER CARD|AMEX|CARD|CREDIT|KAD|KAD KREDIT|VISA CARD
        EDC|JCB|DISCOVER|DINERS|DINERS CLUB|EFTPOS|INTERAC|MAESTRO|CARD PAYMENT|AMERICAN EXPRESS
        EFT|CHIP & PIN|CHIP AND PIN|CONTACTLESS|CARTE BANCAIRE|TARJETA|EC-KARTE|GIROCARD|BANCONTACT
        クレジット|신용카드|카드
    """,
    "octopus": """
        八達通|八达通
        OCTOPUS
    """,
    "fps": """
        轉數快
        FPS
    """,
    "e_wallet": """
        花呗|京东支付|京东白条|翼支付|抖音支付|扫码支付|聚合支付|扫码付|街口支付|一卡通|悠遊卡
        花呗分期|信用付|白条|掃碼支付|手机支付|悠遊付|全支付|數位支付
        LINE PAY|PAYME|MPAY|APPLE PAY|GOOGLE PAY|SAMSUNG PAY|JKOPAY|MAE|QRPAY|MAYBANK QR
        QR PAYMENT|QRCODE|QR CODE PAY|收钱吧|龙支付|拍住賞|数字钱包|美团支付|全盈|台灣PAY|PI拍錢包
        澳門通|澳门通
        ICASH|BOC PAY|TAP & GO|ALIPAY+|云支付
    """,
    "bank_transfer": """
        转账|银行转账|对公转账|轉賬|轉帳|電匯|网银
        BANK TRANSFER|FUND TRANSFER|ONLINE TRANSFER
    """,
    "cheque": """
        支票
        CHEQUE
    """,
    "medical_insurance": """
        医保|医保支付|医保账户|医保统筹|统筹支付|医保个账|医保卡|医保个人账户|医保基金|個人賬戶
    """,
    "digital_yuan": """
        数字人民币|数币
        E-CNY|ECNY
    """,
    "paynow": """
        PAYNOW|NETS|GRABPAY|TNG|TOUCH N GO|TOUCHNGO|BOOST|E-WALLET|EWALLET|E WALLET|DUITNOW
        QR PAY|E-DOMPET|MYDEBIT|SHOPEEPAY|SHOPEE PAY|PAYLAH|GRAB PAY|TNG EWALLET|FAVEPAY|ATOME
        DUITNOW QR|TOUCH 'N GO|TNG E-WALLET
    """,
    "tenant_stored_value": """
        储值卡|储值卡支付|会员卡|会员卡支付|购物卡|预付卡|储值支付|储值消费|会员余额|卡支付
        余额支付|储值余额支付|禮品卡|礼品卡|加油卡|油卡|加油卡支付|会员卡余额支付|储值余额
        STORE CREDIT|GIFT CARD|STORED VALUE|PREPAID CARD|MEMBER CARD
    """,
    "mall_points": """
        积分抵现|商场积分|商场积分抵现|积分抵扣|积分抵用
        POINTS REDEEMED|POINTS REDEMPTION|MALL POINTS
    """,
    "mall_voucher": """
        代金券|抵用券|商场代金券|商场券|商场优惠券|现金券|消费券|购物券|禮券|礼券|提货券|電子券
        商场礼品卡|商场购物卡|商場禮品卡
        MALL GIFT CARD|MALL CARD|VOUCHER|BAUCAR|MALL VOUCHER|GIFT VOUCHER|CASH VOUCHER
    """,
    "platform_voucher": """
        团购券|团购|美团|点评|抖音|抖音券|美团券|大众点评|平台券|口碑|糯米|平台补贴
        GROUPON|PLATFORM VOUCHER|FAVE
    """,
    "platform_online": """
        在线支付|用户在线支付|线上支付|顾客已付|已在线支付|平台支付
        PAID ONLINE|ONLINE PAYMENT
    """,
    "on_account": """
        挂账|签单|挂房账|掛帳|簽單
        ON ACCOUNT|CITY LEDGER|ROOM CHARGE|HOUSE ACCOUNT|CHARGE TO ROOM
    """,
}

#: Words that say this only when nothing else stands in the label: they are parts of many names.
ALONE: dict[str, tuple[Role, str]] = {
    "收": (Role.RECEIVED, ""), "找": (Role.CHANGE, ""), "NET": (Role.TOTAL, ""),
    "CB": (Role.TENDER, "credit_card"), "CASHLESS": (Role.TENDER, "e_wallet"),
    "BAR": (Role.TENDER, "cash"), "CHARGE": (Role.TENDER, "credit_card"),
    "CAMBIO": (Role.CHANGE, ""), "RESTO": (Role.CHANGE, ""),
}  # fmt: skip
