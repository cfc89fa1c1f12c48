"""Why a check ended as it did, in words for the person in front of the camera. Codes are stable; words may change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    zh: str
    en: str


REASONS = {
    reason.code: reason
    for reason in (
        Reason(
            "portrait_no_face",
            "证件照中没有找到人脸，请重新上传清晰的证件照。",
            "No face was found in the ID portrait; send a clear portrait.",
        ),
        Reason(
            "portrait_many_faces",
            "证件照中有多张人脸，请上传只有本人的证件照。",
            "The ID portrait shows several faces; send one that shows you alone.",
        ),
        Reason(
            "portrait_small",
            "证件照中人脸过小，请上传更大、更近的照片。",
            "The face in the ID portrait is too small; send a larger or closer picture.",
        ),
        Reason(
            "portrait_poor", "证件照不够清晰，请在光线均匀处重拍。", "The ID portrait is not clear enough; take it again in even light."
        ),
        Reason(
            "no_face",
            "没有找到人脸，请正对屏幕，让脸位于画面中央。",
            "No face was found; face the screen and keep your face in the middle.",
        ),
        Reason("many_faces", "画面中有多个人，请确保只有您本人。", "More than one person is in view; please be alone in the picture."),
        Reason("too_small", "请靠近一些。", "Please come closer."),
        Reason("too_close", "请离远一些，让整张脸进入画面。", "Please move back so that your whole face is in view."),
        Reason("too_dark", "光线太暗，请开灯或转向光亮处。", "It is too dark; please turn on a lamp, or turn to the light."),
        Reason("too_bright", "光线太强，请避开直射光。", "It is too bright; please turn away from the direct light."),
        Reason("uneven_light", "脸上明暗相差太大，请正对光源。", "One side of your face is much darker; please face the light."),
        Reason("blurred", "画面模糊，请拿稳手机并擦净镜头。", "The picture is blurred; hold the phone still and wipe its lens."),
        Reason("turned_away", "请正对屏幕，不要侧脸或低头。", "Please face the screen, without turning or lowering your head."),
        Reason(
            "cut_off", "请让整张脸位于画面之内。", "Part of your face is outside the picture; please move so that all of it is in view."
        ),
        Reason("eyes_hidden", "请摘下墨镜，露出双眼。", "Your eyes cannot be seen; please take off dark glasses."),
        Reason("eyes_closed", "请睁开双眼，看着屏幕。", "Your eyes are closed; please open them and look at the screen."),
        Reason("face_covered", "请摘下口罩，露出口鼻。", "Your mouth or nose is covered; please take off the mask or move your hand away."),
        Reason("clip_too_short", "视频太短，请重新拍摄约一秒。", "The clip is too short; please record about one second again."),
        Reason(
            "frozen", "视频画面静止不动，不是摄像头实时拍摄的。", "The clip does not move at all; it was not recorded live by a camera."
        ),
        Reason("impossible_timing", "视频的时间戳不可能来自摄像头。", "No camera gives frame times like this clip's."),
        Reason("repeated_frames", "视频中有大量重复画面，将由人工复核。", "Many pictures of the clip repeat; a person will review it."),
        Reason("looped", "视频画面循环播放，不是实时拍摄的。", "A passage of the clip is shown again; it was not recorded live."),
        Reason(
            "foreign_recorder", "视频经软件制作，不是本页面录制的。", "The clip was made by editing software, not recorded by this page."
        ),
        Reason(
            "unknown_recorder",
            "无法确认视频由本页面录制，将由人工复核。",
            "It is not certain that this page recorded the clip; a person will review it.",
        ),
        Reason("virtual_camera", "使用了虚拟摄像头，将由人工复核。", "A virtual camera was used; a person will review it."),
        Reason(
            "camera_unnamed",
            "没有收到摄像头的名称，将由人工复核。",
            "The name of the camera was not sent; a person will review it.",
        ),
        Reason(
            "weights_uncalibrated",
            "识别网络更换后尚未校准，将由人工复核。",
            "The network was changed and has not been calibrated since; a person will review it.",
        ),
        Reason("sent_before", "这段视频以前提交过，请重新拍摄。", "This clip was sent before; it is not a new recording."),
        Reason("face_changes", "视频中途换了人。", "The face changes to another person during the clip."),
        Reason(
            "face_unsteady",
            "视频中的人脸前后不够一致，将由人工复核。",
            "The face is not quite the same throughout the clip; a person will review it.",
        ),
        Reason("texture_attack", "画面像是照片或屏幕翻拍。", "The picture looks like a photo or a screen held before the camera."),
        Reason(
            "texture_unsure",
            "无法确定是否为真人拍摄，将由人工复核。",
            "It could not be decided whether a living person was recorded; a person will review it.",
        ),
        Reason("other_person", "自拍与证件照不是同一人。", "The selfie and the ID portrait show different people."),
        Reason(
            "match_unsure",
            "自拍与证件照的相似度不足以确认，将由人工复核。",
            "The selfie is not like enough to the ID portrait to be sure; a person will review it.",
        ),
        Reason(
            "one_picture",
            "只有一张图片，无法检查动态，将由人工复核。",
            "A single picture shows no motion, so it cannot pass by itself; a person will review it.",
        ),
        Reason("not_checked", "未检查：本版本尚无对应检测。", "Not checked: it was given, but this version has no test for it."),
        Reason("not_asked", "未检查：未提供所需数据。", "Not checked: nothing was given to check."),
        Reason(
            "fused_attack",
            "各项检测综合来看，不像真人在镜头前。",
            "Taken together, the tests do not speak for a living person before the camera.",
        ),
        Reason(
            "witnesses_disagree",
            "一项检测与其他各项结果不一致（拍摄时眨眼就可能如此），请睁开双眼看着屏幕重试。",
            "One test disagrees with all the others, as it may when you blink; keep your eyes open, look at the screen, and try again.",
        ),
        Reason("borderline", "得分处于临界范围，将由人工复核。", "The score lies near the boundary; a person will review it."),
        Reason(
            "light_faint",
            "环境光太亮，看不清屏幕在脸上的反光，请避开窗户和强光并调高屏幕亮度后重试。",
            "The room is too bright to see your screen's light on your face; turn away from windows and lamps, raise the screen's brightness, and try again.",
        ),
        Reason("light_burnt", "光线太强，脸部过曝，请避开直射光。", "The light is too strong to see your face; turn away from it."),
        Reason(
            "light_few_frames",
            "拍到的画面太少，请保持脸在画面中并重试。",
            "Too few pictures of your face were taken; keep it in view and try again.",
        ),
        Reason(
            "light_other",
            "脸上的反光与屏幕刚才的颜色不符，不是对着这块屏幕实时拍摄的。",
            "The light on the face does not follow the colours of this screen; the clip was not recorded before it.",
        ),
        Reason(
            "light_flat",
            "反射屏幕光的表面不是真人脸的形状，像是照片、屏幕或面具。",
            "What throws the screen's light back does not have the shape of a living face, rather of a print, a screen or a mask.",
        ),
        Reason(
            "light_shape_unsure",
            "无法确定反光来自真人的脸，将由人工复核。",
            "It is not certain that a face threw the light back; a person will review it.",
        ),
        Reason(
            "light_declined",
            "您选择了不闪光的方式，将由人工复核。",
            "You chose the way without changing colours; a person will review it.",
        ),
        Reason(
            "light_missing",
            "录像时屏幕没有变色验证，将由人工复核。",
            "The clip was recorded without the screen's changing colours; a person will review it.",
        ),
        Reason(
            "other_than_before",
            "这张脸与您以前核验时留下的不一致，将由人工复核。",
            "The face is not the one of your earlier check here; a person will review it.",
        ),
        Reason(
            "infrared_dark",
            "近红外画面太暗，请靠近设备并露出红外补光灯后重试。",
            "The near-infrared picture is too dark; come closer and leave its lamp uncovered, then try again.",
        ),
        Reason(
            "infrared_bright",
            "近红外画面过亮，请离远一些并避开阳光后重试。",
            "The near-infrared picture is too bright; move back a little and out of the sun, then try again.",
        ),
        Reason(
            "infrared_no_face",
            "近红外画面中没有人脸，像是屏幕或照片。",
            "The face that the camera shows is not there in near infrared, as with a screen or a print.",
        ),
        Reason(
            "infrared_elsewhere",
            "近红外与彩色画面中的人脸不在同一位置。",
            "Near infrared and the camera show the face in different places.",
        ),
        Reason(
            "infrared_copy",
            "近红外画面是由彩色画面转换而来，不是红外摄像头拍摄的。",
            "The near-infrared picture was made from the colour picture; no infrared camera took it.",
        ),
        Reason(
            "infrared_mask",
            "近红外画面不像真人皮肤，像是面具或打印件。",
            "In near infrared the face does not look like skin, rather like a mask or a print.",
        ),
        Reason(
            "infrared_unsure",
            "近红外画面无法确定是否为真人，将由人工复核。",
            "Near infrared could not decide whether a living person is there; a person will review it.",
        ),
        Reason("infrared_unreadable", "无法读取近红外图像，请重新拍摄。", "The near-infrared picture cannot be read; take it again."),
        Reason(
            "depth_missing",
            "深度图中人脸缺失太多，请正对设备、离开20至60厘米后重试。",
            "Too little of the face has a depth; face the device from 20 to 60 cm and try again.",
        ),
        Reason(
            "depth_noisy",
            "深度图噪声太大，请避开阳光并拿稳设备后重试。",
            "The depth is too noisy; keep out of the sun, hold still, and try again.",
        ),
        Reason(
            "depth_flat", "人脸处是平面，像是屏幕或照片。", "Where the face should be, there is something flat, like a screen or a photo."
        ),
        Reason("depth_bent", "人脸处是弯曲的纸面，不是人脸。", "Where the face should be, there is a bent sheet."),
        Reason("depth_other", "深度起伏与画面中的人脸不符。", "The relief is not that of the face in the picture."),
        Reason(
            "depth_mask",
            "深度与画面不一致，像是面具或三维打印的头像。",
            "Depth and picture do not agree, as with a mask or a printed head.",
        ),
        Reason(
            "depth_unsure",
            "深度无法确定是否为真人，将由人工复核。",
            "Depth could not decide whether a living person is there; a person will review it.",
        ),
        Reason("depth_unreadable", "无法读取深度图，请重新拍摄。", "The depth map cannot be read; take it again."),
        Reason(
            "stereo_unfit",
            "双目图像与标定不符，无法计算深度。",
            "The two cameras' pictures do not fit their calibration; no depth was taken.",
        ),
        Reason("not_run", "有一项检查未能完成，将由人工复核。", "One of the checks could not be carried out; a person will review it."),
    )
}
