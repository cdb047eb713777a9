"""The doctor beside PyTorch: sick networks are found with their causes, healthy ones left alone, and no training is changed."""

import warnings

import pytest

torch = pytest.importorskip("torch", reason="no PyTorch here: the doctor beside it is not tested")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

import steadygrad  # noqa: E402


@pytest.fixture(autouse=True)
def quiet_and_seeded():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def data(n=2000, width=20):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(n, width, generator=generator)
    return x, (x[:, 0] > 0).long()


def deep(activation, depth=12, width=32, draw=None):
    layers, k = [], 20
    for _ in range(depth):
        layer = nn.Linear(k, width)
        if draw is not None:
            draw(layer.weight)
        layers += [layer, activation()]
        k = width
    return nn.Sequential(*layers, nn.Linear(k, 2))


def train(model, optimizer=None, steps=250, x_y=None, batch=64, **settings):
    x, y = data() if x_y is None else x_y
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 1e-3)
    order = torch.Generator().manual_seed(2)
    with steadygrad.watch(model, optimizer, **settings) as doctor:
        for _ in range(steps):
            i = torch.randint(0, len(x), (batch,), generator=order)
            optimizer.zero_grad()
            F.cross_entropy(model(x[i]), y[i]).backward()
            optimizer.step()
    return doctor.diagnosis


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        h = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(x + self.second_norm(self.second(h)))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1)
        self.blocks = nn.Sequential(*[Block(8) for _ in range(4)])
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(F.adaptive_avg_pool2d(self.blocks(self.stem(x)), 1).flatten(1))


def images():
    x = torch.randn(512, 1, 12, 12, generator=torch.Generator().manual_seed(1))
    return x, (x.mean((1, 2, 3)) > 0).long()


def test_a_deep_sigmoid_network_loses_its_gradient_by_its_activation():
    found = train(deep(nn.Sigmoid))
    assert (found.verdict, found.findings[0].condition) == ("sick", "vanishing_gradient")
    assert found.causes == ["activation"]


def test_weights_drawn_too_large_blow_up_a_tanh_network():
    found = train(deep(nn.Tanh, width=100, draw=lambda w: nn.init.normal_(w, 0, 1)))
    assert (found.verdict, found.findings[0].condition) == ("sick", "exploding_gradient")
    assert found.causes[0] == "initializer"


def test_a_run_that_ends_in_nan_is_the_rates_fault():
    model = deep(nn.ReLU, 4, 64)
    found = train(model, torch.optim.SGD(model.parameters(), 1e3), 60)
    assert found.verdict == "sick"
    assert "non_finite" in [f.condition for f in found.findings]
    assert found.causes == ["learning_rate"]
    first = found.chart()["training"]["first_non_finite"]
    assert first["step"] <= 5 and first["place"]


def test_rectifiers_that_never_fire_are_dead():
    model = deep(nn.ReLU, 4, 64)
    with torch.no_grad():
        for layer in model[:-1]:
            if isinstance(layer, nn.Linear):
                layer.bias.fill_(-3.0)
    found = train(model)
    assert (found.verdict, found.findings[0].condition) == ("sick", "dead_units")


@pytest.mark.parametrize("make, x_y", [(lambda: deep(nn.ReLU, 3, 64), None), (ResNet, images())])
def test_healthy_networks_are_left_alone(make, x_y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = train(make(), steps=60, x_y=x_y)
    assert found.verdict == "healthy", str(found)
    assert not found.notes


def test_what_is_prescribed_cures():
    sick = deep(nn.Sigmoid)
    found = train(sick)
    names = {"model": sick, "nn": nn, "torch": torch}
    exec(found.code(), names)  # noqa: S102 - it is what the user is told to paste
    again = train(names["model"])
    assert again.verdict == "healthy", found.code() + str(again)


@pytest.mark.parametrize("change", ["normalize", "initializers"])
def test_other_prescriptions_are_code_that_runs(change):
    from steadygrad.doctor.torch_code import Coder
    from steadygrad.doctor.torch_graph import Layer

    model = deep(nn.Tanh, 3, 8)
    layers = [
        Layer(name, type(m).__name__, "linear" if isinstance(m, nn.Linear) else "activation", m,
              parameters=[(f"{name}.{k}", p) for k, p in m.named_parameters()], inputs=[i - 1 if i else None])
        for i, (name, m) in enumerate(model.named_children())
    ]
    code = Coder(layers)([{"kind": change, "to": "batch_normalization"}])
    exec(code, {"model": model, "nn": nn, "torch": torch})  # noqa: S102
    assert model(torch.randn(5, 20)).shape == (5, 2)


def test_no_bit_of_the_training_is_changed():
    def weights(watched):
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(20, 32), nn.BatchNorm1d(32), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(32, 2))
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        x, y = data()
        with steadygrad.watch(model, optimizer, schedule="always" if watched else "never"):
            for k in range(30):
                optimizer.zero_grad()
                F.cross_entropy(model(x[32 * k : 32 * k + 32]), y[32 * k : 32 * k + 32]).backward()
                optimizer.step()
        return [p.detach().clone() for p in model.state_dict().values()]

    assert all(torch.equal(a, b) for a, b in zip(weights(True), weights(False)))


def test_all_hooks_are_taken_off():
    model = deep(nn.ReLU, 2, 8)
    backward = torch.Tensor.backward
    train(model, steps=3)
    assert torch.Tensor.backward is backward
    for module in model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks


def test_the_ledger_is_what_the_gradients_are():
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(20, 16), nn.Tanh(), nn.Linear(16, 2))
    x, y = data()
    seen = {}

    def hook(name):
        def hooked(module, inputs, output):
            output.register_hook(lambda g: seen.__setitem__(name, g.clone()))

        return hooked

    handles = [model[i].register_forward_hook(hook(i)) for i in range(3)]
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with steadygrad.watch(model, optimizer) as doctor:
        F.cross_entropy(model(x[:32]), y[:32]).backward()
        before = model[0].weight.detach().clone()
        gradient = model[0].weight.grad.clone()
        optimizer.step()
    [h.remove() for h in handles]
    first = doctor.diagnosis.chart()["training"]["samples"][0]["layers"]
    for i in range(3):
        assert first[i]["delta"] == pytest.approx(float(seen[i].pow(2).mean().sqrt()), rel=1e-5)
    assert first[0]["gradients"][0] == pytest.approx(float(gradient.pow(2).mean().sqrt()), rel=1e-5)
    moved = (model[0].weight.detach() - before).norm() / before.norm()
    assert first[0]["updates"][0] == pytest.approx(float(moved), rel=1e-4)
    assert first[1]["passed"] == [first[0]["delta"]]


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.again, self.last = nn.Linear(20, 16), nn.Linear(16, 16), nn.Linear(16, 2)

    def forward(self, x):
        h = self.first(x)
        for _ in range(3):
            h = h + torch.tanh(self.again(h))
        return self.last(h)


def test_a_layer_that_is_used_again_stands_there_for_each_use():
    found = train(Shared(), steps=40)
    paths = [layer["path"] for layer in found.chart()["training"]["layers"]]
    assert [p for p in paths if p.startswith("again")] == ["again", "again_2", "again_3"]
    layers = found.chart()["training"]["layers"]
    sample = found.chart()["training"]["samples"][0]["layers"]
    # The gradient of a sum goes back whole on each of its ways.
    add = next(i for i, l in enumerate(layers) if l["role"] == "merge")
    assert sample[add]["passed"] == pytest.approx([sample[add]["delta"]] * 2, rel=1e-5)


class ByHand(nn.Module):
    """Weights of its own, multiplied in code."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(20, 16) * 0.2)
        self.v = nn.Parameter(torch.randn(16, 2) * 0.2)
        self.b = nn.Parameter(torch.zeros(16))

    def forward(self, x):
        return F.relu(x @ self.w + self.b) @ self.v


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = nn.Sequential(nn.Linear(20, 16), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(16, 16), nn.ReLU(inplace=True), nn.Linear(16, 2))
        self.base.requires_grad_(False)

    def forward(self, x):
        return self.head(self.base(x))


@pytest.mark.parametrize(
    "make, roles",
    [
        (ByHand, ["linear", "scaling", "activation", "linear"]),
        (Frozen, ["linear", "activation", "linear", "activation", "linear"]),
        (lambda: nn.Sequential(nn.Identity(), nn.Linear(20, 2)), ["linear"]),
        (lambda: nn.Linear(20, 2), ["linear"]),
    ],
)
def test_networks_of_all_kinds_are_read(make, roles):
    found = train(make(), torch.optim.SGD(make().parameters(), 0.1), steps=5)
    assert [layer["role"] for layer in found.chart()["training"]["layers"]] == roles
    assert found.verdict == "healthy"


def loop(model, forward, steps=25, **settings):
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    x, y = data()
    with steadygrad.watch(model, optimizer, **settings) as doctor:
        for k in range(steps):
            optimizer.zero_grad()
            forward(model, x[32 * k : 32 * k + 32], y[32 * k : 32 * k + 32])
            optimizer.step()
    return doctor.diagnosis


def test_steps_of_several_batches_and_of_mixed_precision():
    def accumulated(model, x, y):
        for half in (slice(0, 16), slice(16, 32)):
            (F.cross_entropy(model(x[half]), y[half]) / 2).backward()

    def mixed(model, x, y):
        with torch.autocast("cpu", torch.bfloat16):
            out = model(x)
        F.cross_entropy(out.float(), y).backward()

    def with_validation(model, x, y):
        F.cross_entropy(model(x), y).backward()
        model.eval()
        with torch.no_grad():
            model(x)
        model.train()

    for forward in (accumulated, mixed, with_validation):
        found = loop(Shared(), forward)
        assert found.verdict == "healthy"
        assert len(found.chart()["training"]["samples"]) >= 15
        assert all(layer["delta"] for layer in found.chart()["training"]["samples"][0]["layers"])


def test_attention_and_recurrent_layers_are_one_layer_each():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            self.memory = nn.GRU(8, 8, batch_first=True)
            self.head = nn.Linear(8, 2)

        def forward(self, x):
            return self.head(self.memory(self.attention(x))[0][:, -1])

    x = torch.randn(800, 5, 8)
    found = train(Net(), steps=20, x_y=(x, (x[:, 0, 0] > 0).long()))
    paths = [layer["path"] for layer in found.chart()["training"]["layers"]]
    assert "attention.self_attn" in paths and "memory" in paths
    assert found.verdict in ("healthy", "unsure")


def test_a_compiled_network_is_looked_at_uncompiled():
    model = Shared()
    try:
        compiled = torch.compile(model, backend="eager")
    except RuntimeError as why:
        pytest.skip(f"torch.compile does not work here: {why}")
    found = loop(compiled, lambda m, x, y: F.cross_entropy(m(x), y).backward())
    assert found.verdict == "healthy" and len(found.chart()["training"]["samples"]) >= 15


def test_a_warning_names_what_is_sick_where_the_loop_stands():
    with pytest.warns(UserWarning, match="vanishing gradient") as caught:
        warnings.simplefilter("always", UserWarning)
        train(deep(nn.Sigmoid), steps=30)
    assert caught[0].filename == __file__


def test_a_network_that_fails_in_the_doctors_hands_still_trains():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(20, 2)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            h = self.fc(x)
            # Another way at each step.
            return h if self.calls % 2 else torch.tanh(h)

    found = train(Odd(), steps=20)
    assert any("another way" in note for note in found.notes)


def test_mistakes_are_told():
    model = nn.Linear(2, 2)
    with pytest.raises(TypeError, match="torch.nn.Module, got int"):
        steadygrad.watch(3)
    with pytest.raises(TypeError, match="torch.optim.Optimizer"):
        steadygrad.watch(model, "adam")
    with pytest.raises(ValueError, match="schedule"):
        steadygrad.watch(model, schedule="sometimes")
    with steadygrad.watch(model) as doctor:
        pass
    with pytest.raises(RuntimeError, match="no training step"):
        doctor.diagnosis


def test_without_an_optimizer_gradients_are_seen_and_no_updates():
    model = deep(nn.Sigmoid, 12)
    x, y = data()
    with steadygrad.watch(model, quiet=True) as doctor:
        for k in range(5):
            F.cross_entropy(model(x[32 * k : 32 * k + 32]), y[32 * k : 32 * k + 32]).backward()
    found = doctor.diagnosis
    assert len(found.chart()["training"]["samples"]) == 5
    assert "vanishing_gradient" in [f.condition for f in found.findings]


def test_a_diagnosis_is_a_page_and_plain_data(tmp_path):
    found = train(deep(nn.Sigmoid), steps=20)
    found.save(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "<section id=\"ledger\"" in page and page.startswith("<!")
    assert found.to_dict()["verdict"] == found.verdict
    assert "iframe" in found._repr_html_()
    assert repr(found) == f"<Diagnosis: {found.verdict}>"
