"""The words by which our own paper is known, so that a tap never takes our slip for a sale.

Every slip we print begins with `OWN_PRINT_MARK`, and one of `HEADINGS` stands within its first
lines. The classifier of receipts calls a document our own print when both are there.
"""

OWN_PRINT_MARK = "积分联 TILLPOINTS"

HEADINGS = (
    "积分凭条",
    "积分认领凭条",
    "退货扣分凭条",
    "兑换凭条",
    "待处理凭条",
    "积分余额",
    "积分对账单",
)
