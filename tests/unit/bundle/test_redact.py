"""What is taken out of a bundle, and what must stay in it."""

from __future__ import annotations

import json
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnready.bundle.redact import NOT_SHOWN, REDACTED, Redactor, looks_random, secret_name
from dnnready.environment.catalogue import CATALOGUE

SECRET = "hunter2-Zq81"


SECRETS = """
    TOKEN GITHUB_TOKEN HF_TOKEN SECRET client_secret PASSWORD DB_PASSWD MYSQL_PWD KEY API_KEY APIKEY SSH_KEY_1
    PRIVATE_KEY AWS_SECRET_ACCESS_KEY CREDENTIALS AUTH AUTHORIZATION PIP_INDEX_AUTH COOKIE Set-Cookie SENTRY_DSN
    TLS_CERT CERTIFICATE passphrase DB_PASS X-Api-Key X-Amz-Signature sessionid
"""
NONE = """
    PWD OLDPWD PATH HOME KeyError keyboard author certain certifi tokenizers PrivateTmp PASS compass bypass
    NoNewPrivileges signal sig PassEnvironment
"""


@pytest.mark.parametrize("name", SECRETS.split())
def test_names_of_secrets(name):
    assert secret_name(name)


@pytest.mark.parametrize("name", NONE.split())
def test_names_of_no_secrets(name):
    assert not secret_name(name)


def test_no_variable_of_the_catalogue_is_a_secret():
    assert [name for name in CATALOGUE if secret_name(name)] == []


FORMS = [
    "TOKEN={}",
    "export API_KEY='{}'",
    'Environment="DB_PASSWORD={} and more"',
    "password: {}",
    '{{"client_secret": "{}", "x": 1}}',
    "{{'PASSWORD': '{}'}}",
    "os.environ['HF_TOKEN'] = '{}'",
    "run --token {} --fast",
    "run --api-key={} --fast",
    "ExecStart={{ path=/usr/bin/app ; argv[]=/usr/bin/app --password {} ; ignore_errors=no }}",
    "Authorization: Basic {}",
    "authorization: Bearer {}",
    "with the header bearer {}",
    "Cookie: a=1; sid={}",
    "https://user:{}@index.example/simple",
    "pip install --index-url https://{}@index.example/simple torch",
    "postgresql://app:{}@db:5432/x",
    "GET /file?sig={}&x=1",
    "GET /file?access_token={}",
    "<password>{}</password>",
    "spring.datasource.password={}",
    'PASSPHRASE="first line\n{}\nlast line"',
    "amqp+ssl://user:p@rt/{}@host/vhost",
]


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    assert SECRET not in Redactor().text(f"before\n{form.format(SECRET)}\nafter")


SHAPES = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "glpat-" + "a1B2" * 5,
    "hf_" + "a1B2" * 8,
    "xoxb-" + "1234-abcd-" * 3,
    "sk-" + "a1B2" * 8,
    "AIza" + "a1B2" * 9,
    "eyJ" + "hbGciOiJI." + "eyJzdWIiOiIx." + "c2lnbmF0dXJl",
    "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow\nAbc/+=\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nb3BlbnNz",
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("around", ["{}", "value {} end", "x={}", '"{}"', "a\n{}\nb"])
def test_shapes(shape, around):
    text = Redactor().text(around.format(shape))
    assert all(line not in text for line in shape.splitlines())


@pytest.mark.parametrize("around", ["{}", "Nov 22 18:01:12 app: {}", "a\n{}\nb"])
def test_a_line_of_a_key_without_its_first_line(around):
    body = "Ab1/" * 16
    assert body not in Redactor().text(around.format(body))


@pytest.mark.parametrize(
    "text",
    [
        "onednn_verbose,v1,primitive,exec,cpu,convolution,brg_conv_fwd:avx512_core,forward_training,src:f32:a:blocked:acdb",
        "      1234:\tfind library=libkeyutils.so.1 [0]; searching",
        "OMP_NUM_THREADS=2",
        "LD_LIBRARY_PATH=/opt/dnnready/stacks/onednn/current/venv/lib",
        "KeyError: 'conv2d'",
        "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory",
        "undefined symbol: _ZN5dnnl4impl3cpu3x6427jit_avx512_common_conv_fwd_t9pd_tAbC1Ev, version LIBDNNL_3",
        "d41d8cd98f00b204e9800998ecf8427e  libdnnl.so.3",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\t4096\tlibdnnl.so.3",
        "PrivateTmp=yes\nNoNewPrivileges=yes\nMemoryDenyWriteExecute=yes",
        'audit: type=1326 audit(1795383308.649:2): auid=0 comm="python3" sig=31 arch=c000003e syscall=257 code=0x0',
        "COMMIT_SHA=2d3f1a5b9c8e7d6f5a4b3c2d1e0f9a8b7c6d5e4f",
        "Collecting certifi==2026.1.1",
    ],
)
def test_what_a_diagnosis_needs_stays(text):
    assert Redactor().text(text) == text


def test_values_that_look_random_go_unless_they_are_digests_or_known():
    value = "q8ZrT2mXw9LkP4vN7sBd"
    assert looks_random(value)
    assert Redactor().text(f"MY_THING={value}") == f"MY_THING={REDACTED}"
    assert Redactor().text(f"OMP_PLACES={value}") == f"OMP_PLACES={value}"
    assert not looks_random("/usr/lib/x86_64-linux-gnu")


def test_environments_show_values_of_the_catalogue_alone():
    shown = Redactor().environment({"OMP_NUM_THREADS": "2", "APP_TITLE": "Camera", "API_KEY": SECRET})
    assert shown == {"API_KEY": NOT_SHOWN, "APP_TITLE": NOT_SHOWN, "OMP_NUM_THREADS": "2"}


def test_a_secret_of_an_environment_is_found_wherever_it_is_repeated():
    redactor = Redactor()
    redactor.learn({"API_KEY": SECRET, "OMP_NUM_THREADS": "12345678", "SHORT_KEY": "abc"})
    assert redactor.text(f"connecting with {SECRET}, 12345678, abc") == f"connecting with {REDACTED}, 12345678, abc"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", f"{SECRET} and more"),
        ("DB_PASSWORD", f"first\n{SECRET}\nlast"),
        ("DATABASE_URL", f"postgres://app:{SECRET}@db/x"),
        ("OTHER", "q8ZrT2mXw9LkP4vN7sBd"),
    ],
)
def test_parts_of_a_secret_are_known_too(name, value):
    redactor = Redactor()
    redactor.learn({name: value})
    planted = SECRET if SECRET in value else value
    assert redactor.text(f"saying {planted}") == f"saying {REDACTED}"


def test_documents():
    document = {
        "environment": {"OMP_NUM_THREADS": "2", "APP": "x"},
        "api_key": {"inner": [SECRET, 7, None]},
        "note": f"password={SECRET}",
        "numbers": [1, 2.5, True, None],
        f"token={SECRET}": "a name may be one",
    }
    redacted = Redactor().document(document)
    assert redacted["environment"] == {"APP": NOT_SHOWN, "OMP_NUM_THREADS": "2"}
    assert redacted["api_key"] == {"inner": [REDACTED, REDACTED, None]}
    assert redacted["numbers"] == [1, 2.5, True, None]
    assert SECRET not in json.dumps(redacted)


words = st.text(alphabet=string.ascii_letters + string.digits + "-_.+", min_size=8, max_size=40).map(
    lambda text: f"Zq{text}9x"
)
noise = st.lists(st.text(max_size=40) | st.sampled_from([*FORMS, "KEY=", '"', "'", "{", "\\"]), max_size=4)


@settings(max_examples=300, deadline=None)
@given(secret=words, form=st.sampled_from(FORMS), before=noise, after=noise)
def test_a_planted_secret_never_survives(secret, form, before, after):
    text = "\n".join([*before, form.format(secret), *after])
    assert secret not in Redactor().text(text)


@settings(max_examples=200, deadline=None)
@given(secret=st.text(min_size=8, max_size=60), before=st.text(max_size=60), after=st.text(max_size=60))
def test_a_secret_of_an_environment_never_survives(secret, before, after):
    redactor = Redactor()
    redactor.learn({"APP_SECRET": secret})
    text = redactor.text(before + secret + after)
    assert secret not in text or secret in REDACTED
    assert secret not in redactor.document([{"line": before + secret + after}])[0]["line"] or secret in REDACTED


@settings(max_examples=200, deadline=None)
@given(text=st.lists(st.text(max_size=40) | st.sampled_from([*FORMS, *SHAPES]), max_size=6).map("\n".join))
def test_redacting_twice_is_as_once(text):
    once = Redactor().text(text)
    assert Redactor().text(once) == once


def test_a_large_text_takes_seconds():
    line = "2026-11-22 18:01:12.123: I tensorflow/core/common_runtime/executor.cc:841] Process node: 12 {{node x}}\n"
    text = line * 10_000 + "k" * 200_000 + "key" * 100_000
    started = time.process_time()
    Redactor().text(text)
    assert time.process_time() - started < 5
