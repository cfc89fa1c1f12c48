from xinqiao.kit import NotFound, Refused, Unavailable


class IdNumberInvalid(Refused):
    code = "identity.id_number_invalid"
    says = "A resident ID number has 17 digits and a check character that fits them (GB 11643); this one does not."
    says_zh = "公民身份号码应为17位数字加一位正确的校验码（GB 11643），请核对。"


class ImageTooLarge(Refused):
    code = "identity.image_too_large"
    says = "The picture is too large ({0}); send a JPEG, PNG or WebP of at most {1}."
    says_zh = "图片过大（{0}），请上传不超过{1}的 JPEG、PNG 或 WebP 图片。"


class ImageUnreadable(Refused):
    code = "identity.image_unreadable"
    says = "The picture cannot be read; send one whole JPEG, PNG or WebP file of at least 64 by 64 pixels."
    says_zh = "无法读取图片，请上传完整的 JPEG、PNG 或 WebP 图片（至少64×64像素）。"


class ClipTooLarge(Refused):
    code = "identity.clip_too_large"
    says = "The clip is too large ({0}); send about one second of video, at most {1}."
    says_zh = "视频过大（{0}），请拍摄约一秒的视频，不超过{1}。"


class ClipUnreadable(Refused):
    code = "identity.clip_unreadable"
    says = "The clip cannot be read; send about one second of WebM, MP4 or MOV video (VP8, VP9, AV1, H.264 or HEVC)."
    says_zh = "无法读取视频，请上传约一秒的 WebM、MP4 或 MOV 视频（VP8、VP9、AV1、H.264 或 HEVC）。"


class KeyTooShort(Refused):
    code = "identity.key_too_short"
    says = "A template or index key is secret and random, at least 16 bytes long; got {0} bytes."
    says_zh = "模板密钥与索引密钥须为至少16字节的随机秘密值，实际为{0}字节。"


class ModelsUnavailable(Unavailable):
    code = "identity.models_unavailable"
    says = "The face models cannot be loaded ({0}); the application waits or goes to a person."
    says_zh = "人脸模型无法加载（{0}），申请将等待或转人工处理。"


class FusionUnknown(NotFound):
    code = "identity.fusion_unknown"
    says = "The check was judged by fusion rules {0}, which this release ({1}) does not hold; the release whose identity/fusion.json has that version judges it."
    says_zh = "该核验依据融合规则 {0} 判定，本版本（{1}）不含该规则；请用 identity/fusion.json 为该版本的发行版重算。"


class CaptureMissing(Refused):
    code = "liveness.file_missing"
    says = "There is no readable file {0!r}; give the path of a picture or clip."
    says_zh = "找不到可读取的文件“{0}”，请给出图片或视频的路径。"


class CaptureEmpty(Refused):
    code = "liveness.file_empty"
    says = "The file is empty; send one whole picture or about one second of video."
    says_zh = "文件为空，请提供完整的图片或约一秒的视频。"


class CaptureUnknown(Refused):
    code = "liveness.file_unknown"
    says = "The file is neither a picture nor a clip; give a JPEG, PNG or WebP picture, or a WebM, MP4 or MOV clip."
    says_zh = "文件既不是图片也不是视频，请提供 JPEG、PNG、WebP 图片或 WebM、MP4、MOV 视频。"


class FolderUnfit(Refused):
    code = "liveness.folder_unfit"
    says = "The folder {0!r} cannot be evaluated: {1}. It must hold live/PERSON/… and attack/SPECIES/PERSON/… with pictures or clips."
    says_zh = "无法评估文件夹“{0}”：{2}。须按 live/人员/… 与 attack/攻击种类/人员/… 存放图片或视频。"


class CaptureCrashed(Refused):
    code = "liveness.file_crashed"
    says = "Reading {0!r} ended the process that read it; the file is not judged. Record it again, or convert it to MP4 first."
    says_zh = "读取“{0}”时进程中止，未作判断。请重新拍摄，或先转换为 MP4。"


class FilesMissing(Refused):
    code = "liveness.files_missing"
    says = "Give at least one picture or clip to check."
    says_zh = "请至少给出一个要检查的图片或视频。"


class OneCapture(Refused):
    code = "liveness.one_capture"
    says = "Near infrared, depth and a challenge belong to one capture; give one file with them."
    says_zh = "近红外、深度与挑战只对应一次采集，请只给出一个文件。"


class OutUnwritable(Refused):
    code = "liveness.out_unwritable"
    says = "The folder {0!r} cannot be written to ({1}); give another by --out."
    says_zh = "无法写入文件夹“{0}”（{1}），请用 --out 指定其他位置。"


class CalibrationTooFew(Refused):
    code = "liveness.calibration_too_few"
    says = (
        "Too few people for the class {0}: {1} living and {2} attacked ones got an answer. A BPCER of {3} needs {4} living people and an APCER of {5} needs"
        " {6} attacked ones, even if none errs (ISO/IEC 30107-3 counts people, not their captures; 299 prove 1 % with 95 % confidence). {7}"
    )
    says_zh = (
        "设备类别“{0}”的人数太少：得到结论的真人{1}名、受攻击者{2}名。即使无一出错，要证明 BPCER 不超过{3}需要{4}名真人，APCER 不超过{5}需要{6}名受攻击者"
        "（ISO/IEC 30107-3 按人而非按采集次数计；299人可在95%置信度下证明1%）。{8}"
    )


class CalibrationUseless(Refused):
    code = "liveness.calibration_useless"
    says = "The scores of the class {0} do not tell living people from attacks (EER {1}); no threshold mends that. Retrain first: `xinqiao liveness train DIR`."
    says_zh = "设备类别“{0}”的得分无法区分真人与攻击（等错误率{1}），调整阈值无济于事。请先重新训练：xinqiao liveness train DIR。"


class ClassMisnamed(Refused):
    code = "liveness.class_misnamed"
    says = "{0!r} is no name for a class of cameras; use small letters, digits and underscores, for instance phone_basic."
    says_zh = "“{0}”不能作为设备类别名；请用小写字母、数字和下划线，例如 phone_basic。"


class TargetUnfit(Refused):
    code = "liveness.target_unfit"
    says = "An error rate to aim at lies from 0.001 to 0.2; {0} does not."
    says_zh = "目标错误率应在0.001至0.2之间，{0}不在此范围。"


class DepthUnreadable(Refused):
    code = "liveness.depth_unreadable"
    says = "The depth map cannot be read; send a PNG of 16 bits grey, in millimetres, of 64 by 64 to {0} pixels."
    says_zh = "无法读取深度图，请提供以毫米为单位的16位灰度 PNG（64×64 至 {0} 像素）。"


class InfraredUnreadable(Refused):
    code = "liveness.infrared_unreadable"
    says = "The near-infrared picture cannot be read; send one whole PNG, JPEG or WebP picture of at least 64 by 64 pixels."
    says_zh = "无法读取近红外图像，请提供完整的 PNG、JPEG 或 WebP 图片（至少64×64像素）。"


class StereoUnfit(Refused):
    code = "liveness.stereo_unfit"
    says = "Depth cannot be taken from the two cameras: {0}."
    says_zh = "无法由双目图像计算深度：{1}。"


class TrainingTooFew(Refused):
    code = "liveness.training_too_few"
    says = "Too few people to fit anything that would hold for others: {0} living and {1} attacked ones show a usable face; at least {2} of each are needed."
    says_zh = "人数太少，拟合结果无法推广：有可用人脸的真人{0}名、受攻击者{1}名，两类各至少需要{2}名。"


class TrainingUnfit(Unavailable):
    code = "liveness.training_unfit"
    says = "The texture network in use cannot be refitted ({0})."
    says_zh = "当前使用的纹理网络无法重新拟合（{0}）。"


class TrainedUnknown(Refused):
    code = "liveness.trained_unknown"
    says = "The report of the network in use does not tell whom it was fitted to, so nobody here can be known to be new to it; run `xinqiao liveness train DIR` again."
    says_zh = "当前网络的报告没有记录训练对象，无法确认样本中的人未参与训练；请重新运行 xinqiao liveness train DIR。"


class OwnWeightsMissing(Refused):
    code = "liveness.own_weights_missing"
    says = "There are no weights of your own to switch; make them by `xinqiao liveness train DIR`."
    says_zh = "没有可切换的自有权重，请先运行 xinqiao liveness train DIR。"
