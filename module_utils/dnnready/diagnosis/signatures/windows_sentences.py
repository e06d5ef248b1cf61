"""What Windows says for a system error code, in the languages that people paste: one expression per language."""

from __future__ import annotations

# ruff: noqa: RUF001 - these sentences are Russian, not misspelt

SENTENCES: dict[int, tuple[str, ...]] = {
    126: (
        "specified module could not be found",
        "找不到指定的模块",
        "找不到指定的模組",
        "angegebene Modul wurde nicht gefunden",
        "module spécifié est introuvable",
        "encontrar el módulo especificado",
        "モジュールが見つかりません",
        "Не найден указанный модуль",
        "지정된 모듈을 찾을 수 없습니다",
        "encontrar o módulo especificado",
        "trovare il modulo specificato",
        "opgegeven module niet vinden",
        "nie można odnaleźć określonego modułu",
    ),
    127: (
        "specified procedure could not be found",
        "找不到指定的程序",
        "angegebene Prozedur wurde nicht gefunden",
        "procédure spécifiée est introuvable",
        "proceso especificado",
        "プロシージャが見つかりません",
        "Не найдена указанная процедура",
        "지정된 프로시저를 찾을 수 없습니다",
    ),
    193: (
        "not a valid Win32 application",
        "不是有效的 ?Win32",
        "keine zulässige Win32",
        "pas une application Win32 valide",
        "aplicación Win32 válida",
        "有効な Win32 アプリケーション",
        "не является приложением Win32",
        "올바른 Win32",
    ),
    1114: (
        "initialization routine failed",
        "初始化例程失败",
        "Initialisierungsroutine",
        "routine d'initialisation",
        "rutina de inicialización",
        "初期化ルーチン",
        "подпрограмме инициализации",
        "초기화 루틴",
    ),
    1455: (
        "paging file is too small",
        "页面文件太小",
        "Auslagerungsdatei ist zu klein",
        "fichier de pagination",
        "archivo de paginación",
        "файл подкачки",
    ),
    182: (
        "operating system cannot run",
        "操作系统无法运行",
    ),
    112: (
        "not enough space on the disk",
        "磁盘空间不足",
        "nicht genügend Speicherplatz",
    ),
}
