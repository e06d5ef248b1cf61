"""What glibc, the shell and the linker say in other languages than English."""

from __future__ import annotations

from ..finding import Candidate
from ..missing import missing
from ..signature import sign

# ruff: noqa: RUF001 - these sentences are Chinese and Russian, not misspelt

SIGNATURES = (
    sign(
        "illegal_instruction_said",
        "The process was ended by an instruction that the CPU does not know.",
        (
            "非法指令",
            "無效指令",
            "不正な命令",
            "잘못된 명령어",
            "Ungültiger Maschinenbefehl",
            "Instruction (?:non permise|illégale)",
            "Instrucción ilegal",
            "Instrução ilegal",
            "Istruzione non consentita",
            "Недопустимая инструкция",
        ),
        {"cpu_lacks_instructions": 0.85, "emulation_limits": 0.45},
        "非法指令 (核心已转储)",
    ),
    sign(
        "killed_said",
        "The process was killed from outside, which is mostly the kernel's answer to missing memory.",
        (
            "(?:^|\\s)已杀死",
            "(?:^|\\s)已终止进程",
            "(?:^|\\s)已砍掉",
            "(?:^|\\s)Getötet",
            "(?:^|\\s)Processus arrêté",
            "(?:^|\\s)Убито",
        ),
        {"out_of_memory": 0.74},
        "train.sh: 行 3: 1234 已杀死 python train.py",
    ),
    sign(
        "library_missing_said",
        "The loader of glibc does not find a library.",
        (
            r"(?P<library>[\w.+-]{3,120}\.so[\d.]{0,16}): (?:无法打开共享对象文件|無法開啟共用目的檔"
            r"|共有オブジェクトファイルを開けません|Kann die Shared-Object-Datei nicht öffnen"
            r"|(?:ne peut|impossible d')\s?ouvrir le fichier d'objet partagé"
            r"|no se puede (?:abrir|encontrar) el (?:archivo|fichero) (?:de |del )?objeto compartido"
            r"|não (?:foi possível|é possível|pode) abrir (?:o )?arquivo (?:de )?objeto compartilhado"
            r"|невозможно открыть разделяемый объектный файл)"
        ),
        lambda evidence: missing(evidence.group("library"), evidence),
        "libgomp.so.1: 无法打开共享对象文件: 没有那个文件或目录",
    ),
    sign(
        "disk_full_said",
        "A disk or a quota is full.",
        (
            "设备上没有空间",
            "裝置上已無多餘空間",
            "Auf dem Gerät ist kein Speicherplatz mehr verfügbar",
            "Aucun espace disponible sur le périphérique",
            "No queda espacio en el dispositivo",
            "На устройстве не осталось свободного места",
        ),
        {"no_disk_space": 0.93},
        "write error: 设备上没有空间",
    ),
    sign(
        "threads_said",
        "The system refuses to start a process or a thread.",
        ("资源暂时不可用", "Die Ressource ist zur Zeit nicht verfügbar", "Ressource temporairement non disponible"),
        (lambda _: (Candidate("thread_limit", 0.84),)),
        "libgomp: Thread creation failed: 资源暂时不可用",
    ),
    sign(
        "memory_said",
        "An allocation failed.",
        (
            "无法分配内存",
            "無法配置記憶體",
            "Nicht genügend Hauptspeicher verfügbar",
            "Impossible d'allouer de la mémoire",
            "No se pudo asignar memoria",
        ),
        {"out_of_memory": 0.9},
        "OSError: [Errno 12] 无法分配内存",
    ),
)
