"""Why a paper was awarded, put aside for a person or ignored, in words that person understands."""

from msgspec import Struct

_WORDS: dict[str, tuple[str, str]] = {
    # what speaks for the amount
    "tender": ("付款减找零正好等于应付金额", "Payment less change is exactly the amount owed"),
    "sum": ("小计加减各项正好等于应付金额", "Subtotal, charges and discounts add up to it"),
    "goods": ("商品金额相加相符", "The goods add up to it"),
    "tax": ("税额与含税金额相符", "The tax is that of the amount"),
    "words": ("大写金额相符", "The amount in words is the same"),
    "repeated": ("应付金额印了不止一次", "The amount is printed more than once"),
    # why a person is asked
    "no_check": ("没有任何算术关系支持应付金额", "No sum on the paper supports the amount"),
    "no_total": ("找不到应付金额", "No amount owed was found"),
    "rival": ("另一个金额 {other} 同样说得通", "Another amount, {other}, fits as well"),
    "unfinished": (
        "应付金额之后还有未计入的金额，或只找到小计",
        "More is printed below the amount, or only a subtotal was found",
    ),
    "left_over": (
        "“{figure}”与其他金额都对不上",
        '"{figure}" follows from no other amount on the paper',
    ),
    "lost_amount": ("“{word}”旁边没有金额", '"{word}" has lost its amount'),
    "worn": (
        "有数字残缺，而应付金额只是重复出现，没有算式支持",
        "Some numbers are damaged, and the amount is only repeated, not the result of a sum",
    ),
    "no_cents": (
        "应付金额没有小数，其他金额有",
        "The amount is printed without cents, which others have",
    ),
    "torn": ("小票到应付金额就断了", "The paper ends at the amount; a payment may be missing"),
    "goods_differ": (
        "商品金额相加与应付金额不符",
        "The goods do not add up to the amount",
    ),
    "payments_only": (
        "只有付款，没有单号也没有商品",
        "It shows payments, but neither a number nor goods",
    ),
    "takes_back": (
        "“{word}”提到另一张小票或退款",
        '"{word}" refers to another receipt or to a refund',
    ),
    "no_sale": (
        "“{word}”说明这可能不是一笔完成的销售",
        '"{word}" suggests that this is no completed sale of goods',
    ),
    "another_below": (
        "下方似乎还有另一张小票",
        "Another receipt seems to follow on the same paper",
    ),
    "payment_gap": ("付款与应付金额对不上", "The payment does not match the amount owed"),
    "no_sale_words": ("没有付款，也没有小票字样", "Neither a payment nor the word receipt"),
    "contradiction": (
        "“{word}”说明不是销售，但上面有付款或小票字样",
        '"{word}" says this is no sale, yet it shows a payment or calls itself a receipt',
    ),
    "uncertain_bytes": ("打印数据有看不懂的地方", "Parts of the print data are not understood"),
    "lost_text": ("有文字无法辨认", "Some of the text could not be read"),
    "picture_only": (
        "小票是图片，本机未能识别文字：请照图填写",
        "The receipt is a picture that this machine could not read: type what it shows",
    ),
    "unknown_glyphs": (
        "图片中有 {count} 个字形尚未学会",
        "{count} characters of the picture are not yet known by their shape",
    ),
    "unread_ink": ("图片上有文字未能识别", "Some ink on the picture was not read as text"),
    "one_check": (
        "图片识别的金额需要两项算术相符",
        "An amount read from a picture needs two sums that agree",
    ),
    "unproved_digits": (
        "换一种数字识别，算术同样成立",
        "With other digits the sums would hold as well",
    ),
    "other_layout": (
        "抬头或应付字样与该店模板不符",
        "The heading or the label of the amount is not that of the shop's template",
    ),
    "foreign_currency": ("币种 {currency} 没有规则", "No rule for the currency {currency}"),
    "no_identity": ("没有单号也没有时间", "It has neither a number nor a time"),
    "too_large": ("金额过大", "The amount is implausibly large"),
    # why it earns nothing
    "reprint": ("补打小票，不再积分", "A reprint earns nothing again"),
    "second_copy": ("同一张小票的第二联", "A second copy of the same receipt"),
    "zero_amount": ("应付为零", "Nothing was owed"),
    "nothing_earns": ("付款方式或商品都不积分", "Nothing on it earns"),
    "not_a_receipt": ("上面没有金额，不是小票", "No amount: not a receipt"),
    "label": ("标签打印，不是小票", "A label, not a receipt"),
    "pre_bill": ("预结单，尚未付款", "A bill before payment"),
    "kitchen_ticket": ("厨房单", "A kitchen ticket"),
    "payment_slip": ("刷卡或扫码凭证，不是销售小票", "A payment slip, not the sale's receipt"),
    "invoice_slip": ("开票凭证，重复已有小票", "An invoice slip repeats a receipt"),
    "report": ("报表", "A report"),
    "topup": ("充值，消费时再积分", "A top-up: it earns when it is spent"),
    "deposit": ("订金或押金，结清时积分", "A deposit: it earns with the final bill"),
    "on_account": ("挂账，尚未付款", "On account: not paid"),
    "delivery_order": ("外卖平台单", "A delivery platform's order"),
    "training": ("培训或测试单", "A training or test print"),
    "redemption_slip": ("本系统打印的凭条", "A slip of our own"),
    "other": ("不是销售小票", "Not a sales receipt"),
    # what takes back
    "refund": ("退款，按金额扣回", "A refund takes back"),
    "void": ("作废，按金额扣回", "A void takes back"),
    "exchange": ("换货，只计差价", "An exchange earns the difference only"),
}


class Reason(Struct, frozen=True):
    """One reason: a stable `code`, and the same in Chinese and English."""

    code: str
    zh: str
    en: str


def reason(code: str, **values: str) -> Reason:
    """Return the reason `code`, its `{name}` places filled. Raises KeyError if it is unknown."""
    zh, en = _WORDS[code]
    return Reason(code, zh.format(**values), en.format(**values))
