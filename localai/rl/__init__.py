"""Rejection sampling: the model answers problems that can be checked, and what it got right in the
fewest tokens is what it learns next.

Expert iteration on its own answers: STaR (Zelikman et al. 2022, arXiv:2203.14465), rejection
sampling fine-tuning (Yuan et al. 2023, arXiv:2308.01825), ReST-EM (Singh et al. 2023,
arXiv:2312.06585). Here are the problems, the samples and the choice; training is `localai.tune`'s.
"""
