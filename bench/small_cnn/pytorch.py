"""The network of crates/engine/benches/small_cnn.rs in PyTorch: samples a second of training.

    python bench/small_cnn/pytorch.py [THREADS]
"""
import sys
import time

import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
torch.set_flush_denormal(True)
torch.manual_seed(1)
samples, batch = 6400, 64
x, y = torch.randn(samples, 1, 28, 28), torch.randint(0, 10, (samples,))
best = 0.0
for layout in (torch.contiguous_format, torch.channels_last):
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Linear(128, 10),
    ).to(memory_format=layout)
    data = x.to(memory_format=layout)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    loss_of = nn.CrossEntropyLoss()
    times = []
    for epoch in range(4):
        order = torch.randperm(samples)
        start, total = time.perf_counter(), 0.0
        for part in order.split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(net(data[part]), y[part])
            loss.backward()
            optimizer.step()
            total += loss.item()
        times.append(time.perf_counter() - start)
    speed = samples / sorted(times[1:])[1]
    best = max(best, speed)
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} thread(s), {layout}: {speed:.0f} samples a second, loss {total * batch / samples:.4f}")
