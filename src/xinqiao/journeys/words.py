"""What fields, purposes and actors are called where a person reads them."""

from __future__ import annotations

from xinqiao.vault import Field, Purpose

from .views import Said

FIELDS: dict[Field, Said] = {
    Field.NAME: Said("姓名", "Name"),
    Field.ID_NUMBER: Said("身份证号", "ID number"),
    Field.PHONE: Said("手机号", "Phone"),
    Field.ADDRESS: Said("地址", "Address"),
    Field.EMAIL: Said("电子邮箱", "E-mail"),
    Field.BIRTH_DATE: Said("出生日期", "Date of birth"),
    Field.EMPLOYER: Said("工作单位", "Employer"),
    Field.OCCUPATION: Said("职业", "Occupation"),
    Field.INCOME: Said("月收入", "Monthly income"),
    Field.BANK_ACCOUNT: Said("银行账号", "Bank account"),
    Field.CONTACT_NAME: Said("联系人姓名", "Contact's name"),
    Field.CONTACT_PHONE: Said("联系人电话", "Contact's phone"),
    Field.DEVICE: Said("设备标识", "Device"),
    Field.BUREAU_FILE: Said("征信数据", "Bureau file"),
    Field.BUSINESS_NAME: Said("经营主体名称", "Business name"),
    Field.BUSINESS_LICENCE: Said("统一社会信用代码", "Business licence"),
    Field.PORTRAIT: Said("证件人像", "ID portrait"),
    Field.SELFIE: Said("自拍视频", "Selfie clip"),
    Field.FACE_TEMPLATE: Said("人脸模板（可撤销）", "Face template (revocable)"),
    Field.TEMPLATE_KEY: Said("人脸模板密钥", "Key of the face template"),
    Field.FACE_INDEX: Said("人脸查重码", "Face code against duplicates"),
}

PURPOSES: dict[Purpose, Said] = {
    Purpose.IDENTITY: Said("核验身份（人脸）", "Verify identity (face)"),
    Purpose.BUREAU_QUERY: Said("查询征信", "Ask the credit bureau"),
    Purpose.BUREAU_REPORT: Said("报送征信", "Report to the credit bureau"),
    Purpose.FUNDER_SHARING: Said("提供给资金方", "Share with the funder"),
    Purpose.MARKETING: Said("营销", "Marketing"),
    Purpose.AUTOMATED_DECISION: Said("自动化决策", "Automated decision"),
    Purpose.MEDIA: Said("留存影像", "Keep the pictures"),
    Purpose.APPLICATION: Said("处理申请", "Process the application"),
    Purpose.SERVICING: Said("贷款服务", "Service the loan"),
    Purpose.COLLECTION: Said("还款提醒与催收", "Reminders and collection"),
    Purpose.FRAUD: Said("反欺诈", "Prevent fraud"),
    Purpose.RIGHTS: Said("办理个人信息权利请求", "Answer a request about one's data"),
}

EFFECTS: dict[Purpose, Said] = {
    Purpose.IDENTITY: Said("停止处理您的人脸信息，人脸模板随即删除。", "Your face is no longer processed, and its template is deleted."),
    Purpose.BUREAU_QUERY: Said("不再查询您的征信。", "The bureau is no longer asked about you."),
    Purpose.BUREAU_REPORT: Said("不再向征信机构报送您的记录。", "Nothing more is reported to the bureau."),
    Purpose.FUNDER_SHARING: Said(
        "不再向该资金方提供您的信息（已签合同履行所必需的除外）。", "No more data go to this funder, save what a signed contract needs."
    ),
    Purpose.MARKETING: Said("不再接收营销信息。", "No more offers are sent to you."),
    Purpose.AUTOMATED_DECISION: Said("之后的决定由人工作出。", "Later decisions are made by a person."),
    Purpose.MEDIA: Said("留存的影像随即删除。", "The pictures that were kept are deleted."),
}

ACTORS = {
    "service": Said("信桥系统", "Xinqiao itself"),
    "operator": Said("工作人员", "A member of staff"),
    "scene": Said("场景方", "The shop"),
    "funder": Said("资金方", "The funder"),
    "guarantor": Said("担保方", "The guarantor"),
    "person": Said("您本人", "You"),
}

WHY_DECLINED = {
    "identity": (
        Said(
            "人脸核验未通过：视频与证件照不一致，或不是本人现场拍摄。",
            "The face check did not succeed: the clip did not show you, live, as on the ID.",
        ),
        Said("可以申请人工复核，由工作人员核对证件。", "Ask for a person to look at it and check your document."),
    ),
    "fraud": (
        Said("申请信息触发了反欺诈规则。", "The application set off a rule against fraud."),
        Said("如认为有误，可以申请人工复核。", "If you think this is a mistake, ask for a person to look at it."),
    ),
    "funding": (
        Said("目前没有资金方可以承接这笔申请。", "No funder can take this loan at the moment."),
        Said("可以稍后再申请，或选择较小的金额、其他期限。", "Apply again later, or for a smaller amount or another term."),
    ),
    "review": (
        Said("经人工审核，本次未能通过。", "A person looked at the application and could not approve it."),
        Said("可以联系客服了解详情，或在情况变化后再申请。", "Ask customer service for details, or apply again when things have changed."),
    ),
    "credit": (
        Said("综合信用评估未达到本次申请的要求。", "The credit assessment did not reach what this loan needs."),
        Said(
            "按时还款、降低已用额度，三到六个月后再申请。", "Pay on time, use less of your limits, and apply again in three to six months."
        ),
    ),
}
