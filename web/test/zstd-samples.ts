// Written by the zstd command line tool from what these functions make.

function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}

const fill = (length: number, at: (i: number) => number) => Uint8Array.from({ length }, (_, i) => at(i));

const MAKERS = {
  stripes: (n: number) => fill(n, (i) => (i % 4 === 3 ? 255 : (((i >> 2) % 13) * 19) & 255)),
  mixed: (n: number) => {
    const next = noise(3);
    return fill(n, (i) => (Math.floor(i / 977) % 2 === 1 ? next() & 15 : Math.floor(i / 64) & 255));
  },
  noise: (n: number) => fill(n, noise(7)),
  blocks: (n: number) => fill(n, (i) => (Math.floor(i / 977) * 31 + (i % 61)) & 255),
};

export const COMPRESSED: { name: string; base64: string; make(): Uint8Array }[] = [
  {
    name: "level 1 stripes",
    make: () => MAKERS.stripes(40000),
    base64:
      "KLUv/WBAm/UBAEQDAAAA/xMTE/8mJib/OTk5/0xMTP9fX1//cnJy/4WFhf+YmJj/q6ur/76+vv/R0dH/5OTk/wEAlMC5uoIC",
  },
  {
    name: "level 3 mixed",
    make: () => MAKERS.mixed(20000),
    base64:
      "KLUv/WAgTS2uACpprlM60N5SDkCJiAf4CygoHgAooL54oCAC+MCXYEHmhReABgENrgAsyLwt/sFGunt0prt7ziQpKXNTUlKS" +
      "DCMFKAU3BepfxXZzFjMM1zU3t4vB3pZa2zwrvOqMt1oKyvFp3jKb80y1grDwm4rN8cXgPxyy9iJTPHwMnRt715IOHaNVJam8" +
      "eBl3PmiuZXqQbKUW6vBRsDOWzXD7lcoaUyyyJ/2z7RiFWevgHmEa4XClV5LlonHN+oX+iCEqraUWRFRbbv+2RtQ8vL+9V8Z4" +
      "Hm86G8tX6aJC3nt5DPui6WobJllcUfcFXtFPRdG1aXXCNLp/6CXac5Wk2XDBGiTFwcgm2aOJzpCIi+P0cWzmdzd4/Wgo/23m" +
      "I6N6JVX1mEFsuD9cFI8cj+j0y+f/BfJKNerpXGu5k8rM5wlMUAISjEAEIQDBBzzQAQ5sQAMZWGKJkiLCny/436fwtRXE8Wkc" +
      "LFuH0j/2I81SXJtfFb+L16NpvvyD21qmK60YMkGaQng+cRBdT9vdPSulztQYxagzuyAVt7/fx43zjrlarH9i1tk53vOlVM91" +
      "VOzZ2s0P3EIlK16kcPue4UQ5u6LviuKp3dnk7qpHZjGQOP+rnEuPix9dxRZ8K4tHVGwbytYj6cBqql80UqFrWqPh9aS/xcJi" +
      "9Haa3YluZatS8z/JzH9BXYyCmk4xbRSD02+PlLBlDm9rjSmPEa2VxR11jXWKtkcSvH3hw9L8LXmuHrRxThpd6GNYjOqL0Yly" +
      "uVT8nY1iXCvWjZtminFF9Qk/BWuvyonJhtmosxtPK0KCfIVTbCsWVjbxFfYLv6izMWUvu4tp523qfro54hatv3ETorP55kiU" +
      "LcYL8tVYF5f07sf1hRStHd7jkJEiVxQqyCVmgnRVKBWLM8XrvW09NuZjOulO25LP2Pz7R/41vd/5TbTo5WLMlZ9dtAq3bq20" +
      "YB9N4mcZxD8zMjSjGsphTu6aMvO6HzodSuyOotpbDMdr7Dek/jZ7Hz7MUt3k0au16zR6pugQSaUQQ7XhnkH2HFLIF1U/T755" +
      "1KMHizx9Ln3tjfYWqSwzjOrbk1ng6Pb3MbxnKKUQGqxB/5zFOWMVjP06Q+/GUNmCj+/qMq9I0u01xxUQeIADGsCABSggAQg4" +
      "gAGUSAKJI4ww4jCxi8qXByWv6ty62MCi6uhuKmcGYpkro840Hlczro3i1u1iUsXuk1fuqTqWEi3eqJDVO8udgotRXOFax01Z" +
      "WNIeztDpM5puqwtWFZPFpPp6G+0w6bNiiBt/Vefk/iBsTlYmfRnCP1q+vXqclFcWLuuJW4VVk8W+5SCaDzwkksIxikd2pnzK" +
      "o8Afrhe3c68fhsQDV9vz67q9i82xOpY/zCosmi1ofpSwzRe3Umct1/CU0oK8hmbwGBq0f0W+kNsvzvsgmm2rFuKiESHc/KJ4" +
      "SUR3Hyqshfz4m1IvZpeRWm+gi3wW6oUUdCxfqK9lRRn3XY/S873ZbMFr2U6ZLLN5sliFDC4M0wlvPFJSUW5mw4bYcrNwcvZq" +
      "bcIq3uwcskP52H0r8jJU2gvRHYWNP/r4X8XYlo1hY4NLiqThYwofRSpz17F5UkWRY/DqpettD7EdaXJ9pYOZJSl+XBSzLnJh" +
      "Xa5d0/PPpmKu7F7IFI3cMUiZa/b9w1uGI7WbjEXq/n2xcS7UnwbZiy2MxamTSEZPUYyoDPUOMzFvLrQXtVAux60VTEWhMn5F" +
      "Fb6NgVtjvCgSJ3GkW3spdY08pd4YGYlFIvOjCkpkMtsxKWxoBlGz4lm+eJFUxbbm8vhi4T92LIYPl81Fl93TZKha4/R0uT1R" +
      "c4+OdNTVT14d5x0zqpyy6C7em1dH4lnRiASMvbkmJDfOuNitR8Gz5MIvx3+dkGQ/h2zwfXFYdoxJvS1GkVtpgxvThbLGMPKS" +
      "Yf7g1pEp86kFsi03F4oF0hZbiJ/q8EMy4ZtGE07ZebyxY8ZRDWH2GW1lZJs7GitlF/UIT67uxljfoZXplIPUp1m95/aN+j6C" +
      "cq2js8y3rmNIwaRXSfTDDcXSbMxmuJesRGl5FDaK3bksUHx0jyuyYoyZ2+o2i0fLx2LGLLZzax03ytYN0u9rj7PcfbsvzLJd" +
      "xmkUmmx5PtI2xG6Mo51NMnsO6xYsE7NVGzmM8tVjSLKPOJpR2GSzp5KfC9tROmTMxXarYKKNMZTk19pQ6dTMBfFS2JVepmh5" +
      "zULnBud4RkEuiIlTabm0OOcchZSgF8UU30WBZIuMvolWtOvgJRn0PMX4UQqhkVVhisIFoS6heOGlFMtM2D6GiuKFvqjsjVHI" +
      "ijf3t72qrPVpKp56V92LguRybJGm5XKaNp0zpdftLDXZ8ky9m/gXhfwqbVKO9rmBNrKafAfqj1sjRG3Cq+PBon/YxAotbFzT" +
      "jYJPv6D+vkJG4sCCt2TXUhXH0A5L2cB29B852JuZEJmLLT4RUy5sHp0uSK3lSY6tqsiWMmqq6S9eS3dcpm79a45iW52UV7lg" +
      "zS2QnrqQ/iu8XBst3hmYns4uRSDCEIQQBCD8wAc94MEOdJADHNygiSaaaGJyEE8hhdckFs9NnFqoDizKwjurKH6SbrctfFCq" +
      "5lF4YFNxvj1+aW9FU3SlSxnqeMuZQa87KsXoN/nrpjG5o2FlLxqpjs6Hm+QXVQzuJdwhLu7ULpr8CryjPvThhbaTFo/CJpNo" +
      "2EvmLLmMUaARvxeOsZwv0/fuIl78UWHE/IfUw4uKose/iNOi0/ngULnejMYkRBQa7jxjjMU7+6fNskkQ+Qcnxd95kb94nS8U" +
      "cytwkL91ZxUy6rAG3Z5wraWdvvOk6osGv9zTZTt9F6NI/3rsOHPBO35/sS922Qq/S0njYiaJFt+ooBrTNKoeWGD2rAyxO0G2" +
      "yVfKrTJNNmKpGjLrKx5vjIWJRotc3nUZTIOahabeUqFvhXcSM/c4TsfRQxqNpVnRLRfn94UL9R71vcw6thXiJ5JC6XvKKEdj" +
      "ro6uxyrak6pF7ySRkrqdwtkWdyiXkqbS8Aa1bcgWbiNS2BfF6Jr3YpXJvpaxwMEFIw9ta81oUWSzqVIoyp4vz190A2lqMJO4" +
      "8NOMNNWmsXTjJedTiM7IZBo40nCt6HRGG9VUFz/o/feM+oXl4h3Nmv5dF81Ua4VocZ9QO+qzjx+tr+ovjregMhvzL2z9vmeW" +
      "5+IKHSPrDG9Mq2ye1shRVwpVLUac9++3mPY7RrGXnjkk1qLgokmuGL6FVHAX5n6rDWpAgxnIIAYweIELWsCCFaggBShgggll" +
      "1aKgLX5khy4/d4w0S3iQvpqz9NBMkZaMbyiGxchEzWMbM2xDCzGUEimKGxovNe1TY3N0l1fE77qdvmjDxONJGe22pO0rnsxS" +
      "fAMRp+aL6v/SdX7ueUWnkHfpH3TTFNpPdHNrpG3f8Re3f5mRkZvIRqyjkwXWk/jr0HhprlEoWwiucq7+7p91kZhUY1wutg0u" +
      "cnRqMVM3rpF7fJeOqLAo8kZocK0N/RVXtBTZiKP4RbzNt7PaGWtoUTGFnB5vEyYNY3pd8auud7ZDcWu4vcfuTLbJyGtBQpYu" +
      "7T9E9dZyjajvhpwfafxZ83GhZoTkPswbSfwtu/rEJgv9oebisDDtc1vNnhj7/DBpeQNdvuo2GO3tSmlp/Gjm/RSaY7DkNleL" +
      "mDn6lI7+7RmxKssxTkq3fVJzmGsNlB8jWeBIMo4cDd443FZGU+NNpsLZdQt2Gjowi1vQzn14mJ8X72licpJc7CpDB40hWEMz" +
      "2Uy3WUhp4fAqXs8GiviP1iDhryx2BrWUZaEqve5dUGEV/aDqcZTpSYw3f8yq+ixIxr68+yWLxTju7p4vy+kuvsBbbSzkS8Hi" +
      "IeO0v9D3ZRSVi1iKQl7srMk4j134im/pttnXRj6SVZHrSbuSfVwr/H25Wney8HLkH3f84ZZRL6pFFr43N8hr0WxQD0ft7VUa" +
      "WAxtsqQaxfiPopUOc5BDHODwBje0gQ1rUEMa0HAGM5RhEO/msnVFSfV++JgXOKhqTbvDRnzyfPXDRqm0kJl9n8FZsBU1Sv/Q" +
      "tig+BXmYn4zhMkpFMq7UpRh1xTB8WaYxRtGDnP+8LulfTiLeRJ2Pd3zNbszi42kFt0m3ilDj+CzFmkKouBKWMjqWGvUzTG4G" +
      "7SQfsePz6BSzjylzOvpE/MecjJVRYDE2folFs8wG5o24js0xLm3iE6P52BK+Y0/+MUvCuTIV3d5SKv5uuMpRUSCpeDGC8ifE" +
      "xX9T8pBUNV3rxym4sW+M6iV5pN0q/Iti/Wlahq4V8q9ejBRP3MiUpEiinjXDjePyunu5KP/5ltnBxUhv97s7OR3mWezqHS1x" +
      "QT+63YX+/aMLsqrWZm93k1016XOlwn2cGtpa6RLVGNgDCyrKLCX2y00jKgr/pua47F7O76+HjF7p3PVliyhFpiAfyX9oRriV" +
      "RTLSpNKZRuL8M+O+mCLZxsve567WikJw6Iuu6h2vrbRqStLU70v9+xcDK8lzh6ZVGQrhUDHSk8W/WIFFo79mDyWtMurXLc15" +
      "4VgUTFcUVhQ/boi2/TNMSe5cFDWDW7jrZnx3SxkXpZZ+N42aLgUXX+5YTKanOqW2bVXsOzKlM7LurpweFd0yCi00WYcNanHt" +
      "vZyy2DyjA8cPWU8nL1xRYvIatVzYshwXtVpt/guSYQxiCAMYvuCFLnBhC1rIAhauYIUqFEpbcI1hhKapPGOY8urAQnF7/PCe" +
      "Fc2+AoVaF5nHDu8qbnryyWl/v3uLvOyQ297cjpcPMt7NIEoVZLtKPMM30znhocZjiY2eUYZpzCAeRXq+TiFdFlw2JWUl1bj9" +
      "2XKr36ac4y+ZcgeyeM/IdOR/rv9PLHl9mslFTty1gipnUkSKYmf0oQ250qJmjFkXizboCkke+xmtU0wNz/BlnuGbauPo61VJ" +
      "3aNx/kfaWFkx5+6Y7eQ47o0tCy4kP6eUiLBQs+JajasY7DZqGvhPiTYFSjImjkL+TqTAySr+MvHMNQ+XkTCJea7QixlBHfTL" +
      "otSGdi5bg52FqewUN8w+a8QrqXZoNnZFcUNWOsqGxePb+NLhg2rFrsft2MgqxSuKXyk4CxJ11ce3oSyKos+66KvObf+Uui1W" +
      "8ioqpy+06PvMWhyyWj3EikYvclBh4RX57nZV7JBE5BLPHLono7BRNEiXyKvDZpy3nuvom00ZrlZYYrEp3mZxYxRzVUO1SaP6" +
      "GE8HPRoq29B8ViZN16KQRsGUM/3XJ92FpGsSvRVWMTwvp5CP1zNZaV7USJ4KUm8apC2/O9L2XHPJRVHO1XvXbSk8Dn+x3Rc3" +
      "iUZh+9TFKMEtuhpDk0g8KkWbKFdeV1SN2dr4YotEXdUCs5jCUThv8srOb61rdDoPowxyKkxBClGAwhOc0AQmLEEJSUDCEYzg" +
      "hBNOFDl2nIjZ3/rmGPWDHQMYuIAFKkCBCUggAuhYo+hdIno1KfcS/RZ8mRfNEZcu3IpuzfsXLl7VIXbjBuHLFL5DOz/Op9Dl" +
      "RuRhvGMQNhdF4UaZ7r+1s6OGioEijTrmrodv1iiKJ7qC9FJvfIf1FlrGWpyVI1x4U3cW5DKU3/QsyuN5uLQP7FnT0+ObHuwx" +
      "5uY3ddO90jx3XCSTDC+cxp32SR9ims612Rxno5+asZI9/Z0M8ZYZn5NtLZJp3PH6V+qXqkRVyFuRtPuaqXAZKiWV+uWkkziu" +
      "OL0icj8Fsg/yKq/HkeJjqecPnyz/sbjw4Y6S1F5YbJHExjlGeY4Vmsky7KLFC1Jc8nfcHtIhxR7TjC8FIjcyI32h+j819ldz" +
      "anSTpVsdkv7tHLOy2Rrt7aXSuW1moh/nF6JP6PqO48/Hw4aKH8tEs+KNWmpnFEpbMLUvUpHcTcOpOOux21smL9TXRS4Vncw9" +
      "RUUTqRZmQvcFjqJGwY8qgnQz6NtYvkdqHRpRsZW740xLtdFRhmFh+fjigvisq3Faivm9GMRj1DrqvkZ6Fb8ofHPDxzDlzfVL" +
      "Bo52vRuZnkMu1kfm9BBzEd0z+a2q0e87lV9zE+UYR4xTvlvUOYOLzcwhg8vK4oVXU38xbAs+1xzVs2FThVlNF2NZJkM6RNfq" +
      "DrEZx+DUN0bCQgab3dXgeuVJHKOFfBU6uZUSSiiRBBJHGFEAAgxAAAEAQBFEDCFEEECQ5HLfQNpZeSdKWcFXF2oeJZbNpVi0" +
      "6VYP0z69FUEayGZF3yxy1qmR2Pgz6U+BpFv48OjpRB168z22oJwv3Na1xt7/eoFUIwl5C57kIT0r2dZk3a//HEdKmzHeQvIN" +
      "q3iHDXcgXlEtdFc1xlh9HixNbZluZEeuxjW0yCTq9Mv//QK7rXC87tE5XJnVRiNfkVXiLjrf/in9rYWrjy3eqD9vmqdUt7VU" +
      "LcZ4GdnkYNFx7NopdFeHjZHKzB5YsOc1DQ/8wfjDU5UyJaOL0aJeWylnlaXXC7f7AvX/+l1pp5iZ4esvhINaYt/FqqLOUYpf" +
      "Gd8WTPne72VYDOoilShfdAxE7CKb1WdYta64HfL4dYz4P74tj0w0Ppi7ixosXnfF6jzxTrxv1Hi1CkLnKnAti76Bh046dsdW" +
      "keY6Vaj3H2mhUoy/ybsruIet7SjEGl00i14qeF6Kc2T1v0JQcnSnmDLLgtqKs2qvroqBt16NW5y2jdHhLHy026wUo3DU4oud" +
      "Bpd09DBzmN9s+iVSMSNzeuPIu0fpyAbe4hTmMgXyeslZiYxu0/Jgue5kyayf13GbnvnbvV0ezMU4LqcaqzquVdXUXv5GN78Y" +
      "xd743+LJZsso1xcjSmOn0nkkXjuPj+QaRRqslt0iRdatUMOxu+OjxlB8Q55hZy/XS3ZFI3/wQx/4sAc95AEPd7BDHZ544jB7" +
      "bKOWTBZbxsPq3W3c26ih9JEoNLK1Cje1eiuMeAxKKjPaFZuMqcN8aXYUvYv817UVf6M2xyiWRRfjkcw5fX1eh+7Mp+VjinVV" +
      "KherIrmLI+5BKlTiZzwGcSS/OGyr7rTza2PJFW/JO3SsTpflmrGcV9opXXxdoh1V23gb/jk41V/r1Ae+sDXJ2xnvvHn6DRL9" +
      "ZyMfFidtwqeeb35rXfzdF1kXM90o31on9if33qr4j34kM1MlzNaxLdqbehvsWowc67+f5OLqhmv5kGXEPv0s+WLNQchdOG5Y" +
      "o7OgLRbEYdl3z17ktrH9tlU0jcIdlV5aOD9S/fGKE6FtIUy0W786TAOAt6gh1Moq/6obsIOSSqUDEkghBCsECUKAIAQKgUKQ" +
      "IAQrCMUfJEUyuxsGNpU8W0HaN02XZI8CNSIjEREZkzDPIQxYRzYAKf8nqy7B04USeUxERE4iImZGnP5QkhE5kymJMNEKLCXt" +
      "CSWnQcQAimZLpFhqB8BIhMxMomQK0xRg62lPSiuMCJWMMvWDcUTK5EQSJDPEFog07VVfgz8kKZIzSZDMEPsI4GylgjY+pERK" +
      "YmZiYhVO71ImI1IyKZFrm36kETmJk4mIiSUyHYwZiZKZyJxsp6Zn",
  },
  {
    name: "level 19 mixed",
    make: () => MAKERS.mixed(20000),
    base64:
      "KLUv/WAgTW2sABpt/lM60N5SDkDBZZSuAkqLBwoi6AsvCiVigyuCAuqLBwoi6AsviyDyV1xRBbS2tra2trZ24LQpKSkpKSlJ" +
      "BisFMwU4Bb5mgxr9/jCJm/dHFezeWYwa8m9ysheDzi7FxnlWfNVZc7kUlPPjzWU295lrBWHhcCo4dRTa41CFbYhMtb4O3Vu/" +
      "F9PqqvquJNUXQ/TuleZcxpWEK7dw9bXobywbfRsslaVTMPYnjdHGqoWZ7yAfYRqh/tJYEu4iPe8dxY4RQ1xiyy2IqLjexjA2" +
      "Im99H/7Oojp63ulsLMeKFxUy3rlVbRSNl5uaZHFF3SjwCh9UFF6cVidN6j50L9FGV0ma6QvWIC1qY5ukqxOdIVEX1/l6bfZ3" +
      "p81/pNvjOHNg434lVbmOUhvymC6qNXUgPg3u+zEKbJZy3Ns53/qnlZmRIxBBCEDwAQ90gAMb0EAGMHABC1SAAiVFhGNG0WP8" +
      "FM/Ggjg/jtrCdSg+xsaItxTn9lfFYMbz2bTnHtpuLuOVVgyZIE0hPSNRic7H7e5GL+XOlGox+90vSMXx4OHXjjMek7d6x4mZ" +
      "p+e8z6ilGl1HBZ+x3QxFLlyyYogUb8NnOlHOrvC7ohjk/21yd+WaWShS5xhV37XXxVCvgos+FsYjKtgNhWsgrWI51WA0WqFz" +
      "YqNp/qRxjIWFOnua3clype+S9xgkM2MU5IUW5HSLaVpo5x8fLaHLHB4XW1NeI5pvyz8uW+8UbgNJ8HhIH9bm4JLR5YM230nq" +
      "ha/TYlSjUE+US6Zi3JlWI1vBb+00U40su4NwpGDxVT01mZppnZ0OYhES7Cucgn2xsNKpr9CH9JD9tqZ07n+x9TzO5ZFvj8hF" +
      "/MPaCfHbnlMThQsdgn015sUljf/rGoUUsR3eQBVNkSuKFewSM0G6KpYKxplqfmc3Hxt7HU+6W7fss7YfPkbG2Hwf38NkC+cu" +
      "xn579MtWIdex1Rb9s0k9WgZxnBkZmlEN5XRne02Zfd0YutWl/kfZdS708Rx9GJIPNxs/fZi1y9nqvMX8pD5TdIi0Uojh2rTP" +
      "YH+qFDKKqjGDnvPI1bVFBo1kGsU361zktsw07rNPZoHq/uNV32copRAaLKUxOov7xioafezo3qmucNHXd3WZVyT5Njb1igUo" +
      "IAEIOIABCkCAAQggAAB4wokmmDhM9KJ6bqVs3p3jF1Msqo7upnJGEct+G3fG8bq8kU2rfdmraRfdT8a2T9W1lGwxjArhvbPk" +
      "KbrQ4orfunbKwpL4cIZuR6Mt+75gVTFZTO7zuxGriZ8VKm89qjwneSihd/Y27RCVHuoy/Mv1pL6yeOFP5Cqsmix4WA6iveIh" +
      "kRTqLB7Z2fZta4Fjuoa83X8NNaRW5PXPUef+XnCO1bWMw6zCouGCZmhJ24xqX/Is7tJPqS3oa2i0dUiJxxU5hN4G44xXomG3" +
      "cqEuGhFCzlEUQxLx/3Wlt5Ch46b2i2FuJN9TfJGRxX4hBV3LKNyxZUVZ+53P0ugbZsNFs6U/ZbYM5wljFaJdGOYTng6kpKLe" +
      "zNSG2pKzePr+8nXCqub0VOGhHOh+LDJEV/wLWdZCxzE7cIwqxrhM1ca0S4okfZ3iZ5HK/lc5T6ooUrV5L3+PXcVY0+T8agcz" +
      "S1L+uqjuZezCvH69xmeMthX77f9CpkiTdZAy2Wz40HfRR/I3UUZyHzzE5rvYHzTYX3BhLU+eRKI+RTGyMuSsZmLvXawzbqFc" +
      "6rEVTUWxMn9FFQ5TRS6dL4rESdR8868lr5FBuacjmlgkMkOroMQmMx6TwoZGibwXz3LIF0lVsG9y66iWHtePxfQht70s93+a" +
      "6K45jo/X2yDy9lnNx+Ud2bzzzTpa9ZSFe1GM9+bVxLOikUcwQhGIUKSynojZOH5O1Rraj43OySYkp2ddMNdAwbPs4i/nBz8h" +
      "CY8cssHxjNPCqpN7XGiRXGnajvlCWTqNzWSYQ9tXM2VGboFt3N7FYoHEBRfyt6t/SCZ942jSKTwDT1lHj0ql+0fdysg4WR0r" +
      "hRn3CE+u7lT5Wbcyn3KQ/DbL+d6G444fQTnf2eHu419VKZr2KomGvqFYmo3ZTDuTlSxxa2FaMM9lgfLqrldkxVh3u9VxFgMt" +
      "Bxajw+jfvnXtKFw3SIPHup4l87AbhVn6yzxpsdmW9yNuKnY6j3Y22f2p5i5YJma8pjmNMsrHkIQHonqjtAmnT2WPLoy1dsi6" +
      "C3ZfwURT1SUZbG64dGv2gngp/UtDpnAZm8XOaaeORsEuqKlzibu2uO/UQkrwi2KK4UWBZIyNz4lW+K82kyiNnmL+KIXQyKqw" +
      "RemCcJlQvvBSCu4m9NehohhCo6hsWKOQFcP+h/FVZfGPUzHImfe/KEgulYs2LbnT1um+Kb+uEN7jYXIy7pkab/KjKGTwEiel" +
      "+s8pmmY5PSvu0GMjxHXCq+vBwse0iRVbmJ7TadG3oyAffoVoomLRXMJsuYs6xNNSpuiPPzS137sJsbvg6hOx7ULv2fGC1lwG" +
      "ybVVFelSRk41PoqxtayXuVxjbGrBvk/bvF30JhdIg7wQH1d4yTZbzaOYn98vQxBCEIDwAx/0gAc70EEOcHADG9SABpNKPYUU" +
      "X5NYjHbq3GJXsSiL96yiepC4v3Hxg1I1A6UVnYp79vlLG1Y0hVe+lOHqsJxRGsuzUqgPk3HuNCZ3NL39hSPV0b2+SY6iCm1n" +
      "Qh7qas/1wumvwDvyw9cv1p+2WgubTCK1IZnD9KJaoFGPL1TlziHjN/5FvhhHhVH3OCTXLyoK1zFEnhif7geH6vdGHZMQUUj/" +
      "e3Ss5T19jJulkyD2GJyUH9+MPYqxMwrF3gpU+mHuWYVoHdbg2yBkc/Gn4XlSNYq0h9ygS38aXmjRjnNlPXvBux4/xEbB3Fb8" +
      "XUpaFzNJxDiMCqqxTaNyxQLTh0XF7gTbJsdScpVttlFL1ZCZXzHwxlqaaLZIbuYXbRrcLDb3mIodVrwndbfrdT6qqzhai/fi" +
      "WzLO4CFd7Pvs82XWtbFQDyIploZPGaU6Jq96DawiPqlifE8SKanjKb6NkYeSKWkqDW9w3VS4eBuRwkZRqNeML3ibbBQ3Fqhd" +
      "NPYQ+9bMFkU2nCuFsv05ZPQoOkWa0m6Slx40mrbrpEw3X3I/hexoZpOipiFb0e2oG9WUF2Pwfdxo3FFYMt7RsO2488Kbiq2Q" +
      "rfYT8scd/Tpma1T5KK65oDIb+1HoO/xGt4wurljVLKTe4gxvbKtsBrHR47IUu1uMfPO4wcX43zWKDfGZQ+otii6c5Ap9LqSi" +
      "vTB5+M5ABjGAwQtc0AIWrEAFKUDBCUxQAhJs7xYFcTFGeOhyJI/RZkkr7Vj7Fh+aKdKycRiKYaGZuHltOtOmW4ihlEhR3JAO" +
      "qfGfUs5Z5maRv3N/GoUbJl5Pivob0/qzfHZL9SkiTs0oqjEuf2fMjWbZKWS8+Bh82xTikfj25kjsz/ND3saQGdHkxDbqnZ0s" +
      "sAbJjx3SId6lhcKFIG8n72AeZ14kJpXqJaObdpHqucVMnZ5j+zwzHVFhUeSNkHaxDY0rrnAp0hG1eoi827Nn+TeWblExhdxe" +
      "sxMmTWN+XTF4f++MdZFr2t+VeSbdZGRsQUKWL/5DZffYko3I74a+B5KOM+/rYs0I6V/tHUl+WHr5iU0WO4a8i8PCtJEcxFyD" +
      "V229nvdNG23Y1RKTjtnMG1NsqrYke5eLmD3+1KoP9hmxKkvVk1r2n9xU+y1FGTqSBY5k48jR4Okh+zbaWnM2Fd+/XPSTrmJW" +
      "u6Dd/7Ta3xfj08TkJLv6V3SVVAVraCa96TgLqS3Ur2LsmaLIj9lSkh6VBY+SS1kWu+L87wUVVtFQKtejzE9qvBnXvbujBcn6" +
      "uZlHCWOh1+7uM8py3ItR4PE6FvalYLWK3voofB4yi9tFLUUhQ+zMyTqvX/qK4eJuw2Md+0h4Rc4n7Up4IFvx47nLlyeLr8ce" +
      "849j2kVryG6RxfPNKX0xmim5Pq6z85JioetkSaXF/NDCdw5yiAMc3uCGNrBhDWpIAxrOYIYykGEQ7+bSl2Vp94b+2Bc4uGtO" +
      "zNNGfTL6aqjNUm0hMzx+tLNoK0prx6FxUYwUbLU/UX2ZpSLRq30ptK5QwyHcpKqFD3aO0fySP2qspZ9E3ok8B971eb91y8+n" +
      "Fe0m7itCjjqyFmsKoeJKWsroWkprjJrcKPFkH/Xj6NkphgemzK36ifzQOVEWLbAY08HUsllminkjv2NzjUycOKjRXrmk7/qz" +
      "x5gl4VzZihkhS43/snMtFeNOf+WoKJBWvhhBGSfUxRhO2Sq5a8vmA6doRz/VciYZSMxV/CgK/kHjostWyBj7xUgxqB2bkhZJ" +
      "9rNm2lEvz925i/oxw2VYu9B8/7+7k1u1z4J574ipCxqz7F74w4d6QVbl6/3+b8K8Jn6/VPzrraGx1TJRqaIrFlSUWUv9l5xG" +
      "VBSOm5rrshtyf+N8yGgs3f8O4SJKkSmIbr5es8ehGSFXFsmI04pnGsn3mNEbxRTZNl82fu6KrSgEdYcs7941G4vvpiRNDR5S" +
      "Y/woFCvpk3XTqgyFcKgY8cliDLECC8cfmz6UxNu4o45p7ovHomi6orCiGPOGaOxjpinpv4uiRtulvW50uLuUdVFr+XfjuPlS" +
      "dDHqH6vJ9nan1titCh6PTfmNvcwst0eFu2ixxWav2uAW5+/cKYzeM6uoQ4U/n76QZanpS4u7MG65LvK14hxDcAxiCAMYvuCF" +
      "LnBhC1rIAhauYIUqUKFY4qJL1Qhtc3tUbZtXsVhk16Hvw7LpV6CQL2O38jTzIudnn9z68PHvIkN46I1vjufrBxvvRolyBduu" +
      "Es9wmO2ctK61MrXRaJRp0tE1x3FqLfJzLK3MTCFdFl02JWUl5cg+0uV4h9t26rhsSlZseR/NfOwxusYYiSVjB80kYycyW0GV" +
      "MykiRcGjfmgqV1vU6Jh5wWhKV0j22Bj1nWJqenTQaD53jz7n2jw+f1WSuzrOGJo2VlbM/T+mPz3qDWvLogvJkVNLRFisWXG+" +
      "1lUMuhs5KY5BiTYFSjYmaiHjTqTAySrGZeLZbx5yI2FS91zhFzOCqzS4ZckN7V64Bj0LW+Epbrp/2KhZcu3QbOyK4oasdrYN" +
      "i4HDdNTqKxWLnevxmGbV4hXFYCk6C5L93YHDhrIoCj/zwq882X+k1HH10ldRPY1iC7+RWYwqvOUqVjh+kUqFhVfk+LerglUS" +
      "sUs+U5dPtDAtGqRLbF610Xvf+1W/4RT9tcISq23xOItTLeaqhoqTtPwab5UGGm6bbo7eps3fopC0aMoZH+cn7oXkbxINK6xC" +
      "Py+nsK/5M3tphqyRDCpo30lpXQbziNvomssuivou5zt3S2k9HIz+z8hJpIXxIC+0BLnoSocmkXpWijhRrr6uqBozNh0FF4nL" +
      "uwVmMcWjdN7kld0fm5d6fk+jKP0UpBAFKDzBCU1gwhKUkAQkBBOQQAQg8AAHNIAB+FhaODMRjTWp/5IdLjhkhmyOvHjxVrhv" +
      "3hjS1byrYqenhEOmeB7iGXo/xXI7Yqs1qxJ6F0XxRpn/g4uHtYYKRRHH1blzfc7SohhEV9Be7s2zmnOxZb3VWTnSxTtxFqfq" +
      "ngW9DOVwGi3bOlpf/BV92Pb2+sYHXcfe/qZu3Fm8566LbBL94knv1k/8ENN2zs3mOh3/1qyXbNC4E5V3mfk5Yd8im+YfzwdL" +
      "DaYq2RV6X6R1P28qXnSlpHJHPe0kzi+Os4jcmAL7lb7qa6CmvDL5jMNBlmNgdfH6j5LkX1hwkdTWqVqfykIzWYZeuHxBi0w/" +
      "HtmHdmjRdbxxSIHYjt1Io9gdY0p58OaUupPlWx3SjuO57m0zNuLjy6V748zEv85RyA7C3/E4P/pabagYY5loVgwjl+LRYq9s" +
      "hbho8mekItud9Kk4c2V2LpMh5OdFMhWe3T5FhRPtFmZCNwrUorTogSuCdKM03FqGa24dGlHBlcx6trXr+ChqWFivo7qgPvNy" +
      "HJfqHl8o9Rj5at0oza9iMO6PLemb0x/DlGG/o0RR/fduZHwOu+DXzPGh7iK60fTHu0aDx1P9eTtRqh41Tj1zkedoF5yZKoPc" +
      "2/LFl5OPQo2Lvt+c3TO1qcKsxouxLJOhVVm2ukP0RtXOHdZIWIi22V1p19ieRJ0tZFTh01sxsYQSSSBxhBFFEDGEEEEAQZLc" +
      "forEwzKeKIUFx76Qt5ZYetdi4bZcrrZ+eyyCpNhmhd8wdtatkdj8aNoxBdJy8dPq44mrezNcuaCcUbzxbynfGPwFUurylSZh" +
      "c9GTPbRnJeybvTxqjJxHSpux5kJyGFY1TxuyIl5RLnRXpaq8o7XFyS3zjezo17p0i0wiz78cg0eB7lY8nrt66m/3mjr2FVkl" +
      "/7Iz/EeKD9/i98cYT2vcO82g3De23C10voxsUlt2Hr14imVeNR2pzHTFoj/PaVpxaOOYnqqUKVEvZosa60s5vC3OX7zdKHDH" +
      "OB+/xFPMjD7/EMLBLbHhWDZa8C7uHKX8lfVx0ZTjfXwZFkpe5BLlkFVFRC/Se3+md+uKY5WBo64Rx5hnl4FNNK/d7kUNFmOZ" +
      "xeo+8U7eb9aatwrC7yqQLQs/xcOnVWajHq9cRdrvVLHv42iLlULHTd5d0a7GxlqIOb5sFs5U9Awp7rH3xxWCkrM8xZRZFuRW" +
      "nVV8dVUoHn85cnHrprPTWbz627AUWjxuMaqfBpl29jBT7W84/xKpmJG5PT1691k6MsVjnMJepsDmLzkrkVl24taWc8+WzBoz" +
      "dt7GZ8YxH3Nrd6HX9VTKu3q+u7Y2ZNws5yi04Jsfx3jC6TLbNYqRJeWp/NbE8+95za5ZpMFyYS5ShN+KNVRmntdSXRyGPWpn" +
      "Q86Z7Kpo5A9+6AMf9qCHPODhDnaoAx0O05Udt2Sy4LJWq/FvesO0hvI1UUjTt4q3tRpWGLUOSm432hWcjblqzzSsReNFxqhz" +
      "K8ZpcapWC+OLtWZ3jp/f1+F/9229TsG/S/ViVWR7cdSutEIlf9Y6iCM5ikO3ck+7P7eWZHmXvMPH8nzhrlHuvFpP8WLUJdpR" +
      "uekw/ZHauT+2bl9xSJuTDDtrnmGff4NEY6RjHxYnbtK3n8P+2LwYd6PIvLrpZvvYPNFHtvPxyg/1gWRmu4TpO8ZFfFPDtH8L" +
      "zTEfNya7uDr9rVfhRvTbkSWjelMJ2wvnDUs9C+JqQZwWHv/pjO2m7MO4CictZK382uJ7INW4ZnkiNC6kKYCmqCHw/f938Nnv" +
      "EvgRBBAEEAQSCIIEIUgQAoTgEQbCnwNJkugWLB3SpxIHADBJJibJOU4HJDGJJInE5FY6RhKTZCaJxK90E5ORTJJMZLvS0Z0k" +
      "JklGElOw0pkkYZJEkpF2pfMdk0gkyUnkc6XLk0RGkkgir3QYJwlJEsnETOx0DJFITpJJJM01Cg==",
  },
  {
    name: "level 1 noise",
    make: () => MAKERS.noise(700),
    base64:
      "KLUv/WC8AeEVAD3pnO0M21wNEfv5iHOMmsfHa3naXHsXv9VbLfsfdHQbHZ/FFZvtRJdaUIO2TyjfoGH/fC1A65Z+LG8tALHC" +
      "JYu94l9oo9SAe8n1U+I1RvO3NQ1L08I1gsFqVFo03jSts3BEhlYZYnfA3MY7r5UTvtKQ2g6/b/7pMkjZz/zzB+I9+z3s1aWP" +
      "Xy8GAiLDFl19/jCNgWiJDq08cS6/v24d6RWWJ9hfo3ZEV65NA8mPmcOISTT0ygdThA+G6G3rAf0+bu8/IvEjVAiKLq7sbw/e" +
      "dASDvkplkdz5nxsCMvCVz7G7KKg5DeiOXt7TkAFo1OnJSfkA+jyH32qkutl7Q0JhY7bXaB65aqnOLOLDdmtWGE9yOrER1vm1" +
      "CJvdLMlbWibOXQNqZ33WULQTj3mZMTxw6N5Kby4/rtnaw/cjr7ddM7rvLHw9aAtSQfYFS8Z5Y5nIL6C5hQgg7rshakbY1QRC" +
      "SfJCUF8KnaN4+GQycQfc3XpOJ/XdQn24V3yQg/47ObHtL6t8HXrUWDMGvZAgn+0u2WVAaZKGph8yYLUq9HEcgWy0QHtdUa2s" +
      "HM0WJm4ODh8Y471ClO8xMaIeGfGeBP5Y49BOq5qs1v+0v2odCSLr57t75ZFnHWke0Mnx8vSFZ4DAGphO4C6001ASqP+1rGdj" +
      "myR1SiEzSzq8OmWpBIcS58dpUovR+17PGMCxu0iElRLmGptGb9mJADYMkvjso+4fD9wlbKS9or4Hhl2mrIS/Fx3a+z+RO4kL" +
      "5qCIJOR3Hl0C0zDfIaL9je3odnbhi2I8FSmt2FkHZRxFGkvWMqH4e2HzA7anWqVScCy5Rvh7Luv3DTuTMHLrGaFh0x00yAf3" +
      "PSalpyYdgkEHWtqXGToJNEDSptoSM50JHSIOaFuTC/P/mI1OJaMutf5Bf0p+tAvMwQVg+I2FsRqvzNyOKq8=",
  },
  {
    name: "fast level over three blocks",
    make: () => MAKERS.blocks(400000),
    base64:
      "KLUv/aCAGgYAZEUAlB0AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5" +
      "Ojs8PT4/QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CB" +
      "goOEhYaHiImKi4yNjo+QkZKTlJWWl5iZmpucnZ6foKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr/AwcLDxMXGx8jJ" +
      "ysvMzc7P0NHS09TV1tfY2drb3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vv8/f7/Y7+/wMG/wMG/wMG/wMG/wMG/" +
      "wMG/wMG/wMG/wMG/wMG/wMG/wMG/wMG/wMHe3+D9/v8cHR47PD1aW1x5enuYmZq3uLnW19j19vcUFRYzNDVSU1RxcnOQkZKv" +
      "sLHOz9Dt7u8MDQ4rLC1KS0yjpKVpw8TjxuXmBAUGJicoKSpCQ0RFRmZnaLm6u7y5uru8ubq7vLm6u7y5uru8ubq7vLm6u7y5" +
      "uru8ubq7vLm6u7y5uru8ubq7vLm6u7y5uru8ubq7vNjZ2tv3+Pn6FhcYGTU2NzhUVVZXc3R1doqDqBQf4JrQnwVzn6OEBAYU" +
      "gAIAAAAAAAAAACkAAAAAGgAAAAq4FAAgAAAALCUBAABEVwE06kPuATmArehYtzW5EUu3Vqiwf2uHgO1br+yr3hpexgPyrf3N" +
      "9WZy87w5uPncbG9uN/Ob583Bzedme3O72ZlbTvb+fB7RZ38CtMiuZv0TJ93775TwVR2zS7wqlpTymJhd4lWxpJSnidklvCqW" +
      "lPKgTZtbF1OdexxQsaSUx8TsEq+KJaV6TMxO4lWxpJTHxGx32FtX4pPu/flnpr/vKSfnC2wFtgJbga3AVmArsBXYCmwFbgW2" +
      "ArYCW4GtwNY6wIc52S1QReZYLhzhZlBF5lguHOHKoIqMY7lwxJb76TuH+gTpdaYFR7gZVJE5LBeOcDOoInMsFw7hZlBF5rhc" +
      "OMLNoIrMsVw4ws2gFJljceEIN4MqMsdSc5no/VylmO8e1QBomuOdIo6gQ9Ah6BB0CDoEOgQdgg6BDkGHoONG6FR/nRoNIARI" +
      "IVYGVWSO5cIRbgZVZI7FhSNcGVSRozigev/69N13+ZLlq/tB+msskkMTxmn2Sv/FVLhSXzHNXmmfmApXyiOm2SvdD1PhSnXD" +
      "NHul8sJUuFKcMM1evcFfuJVbMM1eqR2YCldaA6bZK6X/UuFK4VdkD33uS4UrlfnS7JXGe6lw5a33Zh+atwjfVwdQ2dfvpPwU" +
      "P/h+ylvx23defooffD/lrfjtO5BbqVD36MO/OkkuV5PkcjVJLlcTkcvVJLkcEye4ynGKr7mJ5HI1SS5Xk+RyNeh75aoJdlc5" +
      "TvGVmyQvV5PkcjWZTPfLVRN0l3Kc4is3SS7XJsnl6iSZ7ZmrJuiucpziVe4kuVxNksvVJIGSvnMrxym+cpPkcjVJLq8myc3f" +
      "A6ubIvzKzSSXq0lyczVJLleD2DenmqC7ynGKX7lJcrk6SS5Xk2Sud66aYHeVyym+cpPkcjVJLleTyaT+uWqC7irHKb5yk+Tl" +
      "2iS5XE2SJc5xiq+5SXK5NkkuV5PkcjWJXM5K0HGb765ynOIrd5JcribJ5WoywTXKq6tJcrmaJJerSXJzNZJcrq5t8+4qxym+" +
      "5k2Sy9UkuVxNktkLnKfDQQDUd+arffm6t96r5+uaR/RLLrqfNAZWIkHAoClgDKzAgoBBQf6LAbpoEDAVqa8YoIMHAVOB7BMD" +
      "dNEgYCpSHjFABy8ETAVyPwzQRYOAqUh1wwAdPAiYCmReGKCLBgFTkeKEATp4EDAh2cFASTQImIr0FgzQwQsBU4G0AwN00SBg" +
      "KtIaMEAHDwKmAkn/BeiiQcBU+vkFbuAgYIyRc1+ALhoETEUq8wXo4IWAqUDGewG6aBCwLtVCmK+rAhKxuWMCWEE6J0vRLEG+" +
      "7cvXeut99Vz9zNJzna+LtPmv7+Tb/vJ1b71Xz9WfufTc871Im/71Pfm2L1/3rffqOfUzS597vhdp87++I9/25eveet96rn5m" +
      "6bnn+0ba/Nd38m2vfL233qvn6s8sPff5XqTN//pOvu2Xr7vWe/Vc/cyl1z3fi7T5r++Tb/vydW+9V51XP7P03PN9kTb/6zv5" +
      "tl++7q331XP1Y5aee7430uZ/fSff9uXrfeu9eq5+ZulZn+9F2vzXd+bbfvm6t96rz9XPXHru+V5Im//6nnzbN1/31nv1vPo1" +
      "S88934u0+be+k2/78nXvel89Vz+z9LzneyNt/us76W1fvt5b79Xn6meWnvt8b6TNf30n3/ZLr3vrvXqufs6l557vRdr8r+/J" +
      "t335ure8V8+rn1l67vO9SJv/9Z38ti9f99b76mn1M0vPPd8b0+a/vpNv+/LrvfVePVc/U+m5z/cibf7XwTrjiIZfueYPUac3" +
      "0fBX3vwh6vQmMvzKmz9Enb6Jhl9584eopzfR8Ctv/iDq9CYafuns657mMg9uJwqR3kRr19ud5jIPvJ0ogN5Ea9W/O53LPLid" +
      "WAC9ia6wvxECcDtRAH0TDb/0A+TqzZ3O2xMF0JtotG03A40QwO1EAezNZLUedXozGr7yzR+iOJ7Q8JU3/xB1+iYaHhUlV9/c" +
      "1bmdKIDeRNdKT7l6c6dzO7EQ9CZaO/1y9eadztuJAuhNaGWaUQh6Ew2/8uYPUU+umatv7nRuJwpBz0SrU5qrN3c6304UQG+i" +
      "9SnOq2/udG4nCkBvogur5+rNXZ3biULQm2jLoRECuJ1RAHkTDV+MB5jo8Ctv/hB1ejO6swpMNHzlzTdEPb2JFqALJjZ85Z0/" +
      "RJ2+iY/iX0mgA4OJDrfy5g9RpzdR/S06QHLrBQ4MRulUNOXdwxQQL88dCL7Lcwes3c8d/K3Lcwdy6fLc2YFo/1tpHRmgd7E/" +
      "fCMAJB1mZ2iSk5SVsbKztNDR0tPv8PHyDg8QES0uLzBMTU5Pa2xtboqLjI2pqqusyMnKy+fo6eoGBwgJJSYnKERFRkdjZGVm" +
      "goOEhaGio6TAwcLD3+Dh4v7/AAEdHh8gPD0+P1tcXV56e3x9mZqbnLi5urvX2Nna9vf4+RUWFxg0NTY3U1RVVnJzdHWRkpOU" +
      "sLGys8/Q0dLu7/DxDQ4PECwtLi9LTE1OamtsbVdYWXZ3eMbHyMnKjo+trq8GBwjT1NUmJ0YpT26NpaanxMXG4+TlAgMEISIj" +
      "QEFCX2Bhfn+AnZ6fvL2+29zd+vv8GRobODk6V1hZdnd4lZaXtLW209TV8vP0ERITMDEyT1BRbm9wjY6PrK2uy8zN6uvsCQoL" +
      "KCkqR0hJZmdohYaHpKWmw8TF4uPkAQIDICEiP0BBXl9gfX5/nJ2eu7y92tvc+fr7GBkaNzg5VldYdXZ3lJWWs7S10tPU8fLz" +
      "EBESaWprL4mKTqnFxsfI5OXm5wMEBQYiIyQlQUJDRGBhYmN/gIGCnp+gob2+v8Dc3d7f+/z9/hobHB05Ojs8WFlaW3d4eXqW" +
      "l5iZtba3uNTV1tfz9PX2EhMUFTEyMzRQUVJTb3Bxco6PkJGtrq+wgg2o8h3i+RqSzy0nSQcSQCAQIAQhEQRBEARBEARBEASh" +
      "EARBEARBMIZhGAZRBEXgB1NgzW+LJ3V7bLLtdHlsvRFeC+y+WmIX014OGu10gGez1zSbfaVljclKVpm0scbkE8uYzGGjgQG2" +
      "+yZfg9/Ha/FQ1+VirtDqW2U/atWGzGpMiVX5jnOyNaqAVgYxKZMyiZEYEysxEpMwCTNhEiaxbCk1e2CboTx5nHMk1H0dB6/J" +
      "ZV/j/ygY7wt4sT6VivMPifejilg/p8P5b8P7ASyMP2DC+1EO1idJcP5dAuMrDRjfwr/7afnVz0Pf/In54pu5d79mevUZyIsv" +
      "Nl58Ge/uL7CL71Ld/BPQxQ/4XHwl5e5rFFe/Dbj5gX6bP6HbfYNt96Vjq4/wWnzX1eK7mHZ/oGj3Azibv4rZ/BUrq08qsvok" +
      "G6tPOrH6SRw2HxBg82/yNf92vOYPdd1P5IovvTX/hlZ9kKz6KFj1y7D4/qAx4MhwOTkcBmPgIO/k5JbYiwGFDJCTO+BNezED" +
      "CTSQQAUVKaCCAgkk0IEECiiggAYUaKCBBApQQAEFFEhIAwk0UEHeRkDagjrjj8Cm8Sey0fgnsMn4E9hsTPHg87SCigljomm0" +
      "xCGk1tcRtCLPd3R4GJBIBzUNbVJ7YePkFjKeHAwQ3x8RBi6yQ01DC9tLGHPRHQcDHcmhpqGd9hKWF53G1BYwXg54sTBqFRcf" +
      "Ei9HjVg618Oz/4a3A1yYOHDCy9EONiZNcPE9gaGVB5zbwr/D6fk15qFv8sT5Qpu9d7tWvdoM5k0sPl5kmXePS+wSu6pu9Cno" +
      "cgc8F1hZuY81iqvcJtxo4N9mT9jttuG2x3LZKiNem9h9tcRupp0OFu13AM4Gr2O2eEVllcn6mKr7InQ9ADQ9j5CRzM3Oz+vs" +
      "7e4KCwwNKSorLEhJSktnaGlqhoeIiaWmp6jExcbH4+Tl5gIDBAUhIiMkQEFCQ19gYWJ+f4CBnZ6foLy9vr/b3N3e+vv8/Rka" +
      "Gxw4OTo7V1hZWnZ3eHmVlpeYtLW2t9PU1dby8/T1ERITFDAxMjNRUhZRUhZRUhZRUhZRUhZRUhZRUhZRUhZRUhZRUhZRUhZR" +
      "UhZRUhZRUhZRUhZwcTVwcTVwcTVwcTVwcTVwcTVwcTVwcTVwcTVwcTVwcTVwcTVwcTVwcTVwcTWPkFSPkFSPkFSPkFSPkFSP" +
      "kFSPkFSPkFSPkFSPkFSPkFSPkFSPkFSPkFSPkFSur3Our3Our3Our3Our3Our3Our3Our3Our3Our3Our3Our3Our3Our3Ou" +
      "r3PNzpLNzpLNzpLNzpLNzpLNzpLNzpLNzpLNzpLNzpLNzpLNzpLNzpLNzpLNzpLs7bHs7bHs7bHs7bHs7bHs7bHs7bHs7bHs" +
      "7bHs7bHs7bHs7bHs7bHs7bHs7bELDNALDNALDNALDNALDNALDNALDNALDNALDNALDNALDNALDNALDNALDNALDNAqK+8qK+8q" +
      "K+8qK+8qK+8qK+8qK+8qK+8qK+8qK+8qK+8qK+8qK+8qK+8qK+/vBgcICQYHCAkGBwgJBgcICQYHCAmen2Oen2Oen2Oen2Oe" +
      "n2Oen2Oen2Oen2Oen2Oen2Oen2Oen2Oen2Oen2O9voLc3aH7/MAaG985Ov5YWR13eDyWl1u1tnrU1Znz9LgSE9cxMvZQURVv" +
      "cDSOj1OtrnLMzZHr7LAKC88pKu5ISQ1naCyGh0ulpmrExYnj5KgCA8chIuZAQQVfYCR+f0OdnmK8vYHb3KD6+78ZGt44Of1X" +
      "WBx2dzuVllq0tXnT1Jjv8PHy87e4ubq3uLm6t7i5ure4ubq3uLm6t7i5ure4ubq3uLm6t7i5ure4ubq3uLm6t7i5ure4ubq3" +
      "uLm6t7i5utbX2NnW19jZ1tfY2dbX2NnW19jZ1tfY2dbX2NnW19jZ1tfY2dbX2NnW19jZ1tfY2dbX2NnW19jZ1tfY2dbX2NlP" +
      "UG9ScXJzcXJzcXJzcXJzcXJzcXJzcXJzcXJzcXJzcXJzcXJzcXJzcXJzcXJzcXJzcXLt7u/wDA0ODyssLS5KS0xNaWprbIiJ" +
      "iounqKmqxsfIyeXm5+gEBQYHIyQlJkJDREVhYmNkgIGCg5+goaK+v8DB3d7f4Pz9/v8bHB0eOjs8PVlaW1x4eXp7l5iZmra3" +
      "uLnV1tfY9PX29xMUFRYyMzQ1UVJTVHBxcnOPkJGSrq+wsYNQqDIVwnsDYs9NkNIkHRJAIEgQgkAIgiAIgiAIglAIhiAIgjAI" +
      "giAIRiEMAzsx8gF1YH/fFZuh3euxrWv84HTX3pyb2PVy1VSNW+yk4VIj8K2Yat2yBvG2xQGdbbXQa4tHVkudZVpi46K9juGz" +
      "xC6xWWoXLTv29GRfL+rYsecXe70Qwx4vQrDXi/jV8WL0eh3d1bhgrtW1W4mbarWGnLXYVIPvtfuBV85kJnNJlnKZSZmUy0zO" +
      "Uk5mUpaAuc2NlnAGHwEDV87MTM5SJmVylnKZybOUyUzOpCx3MpsbLeEMPigFxBB+gShIQApEQQIiEAsSkIIIiIJ0gr/3LZKv" +
      "81N75+le5vv2PRwf3/35Ph2vJ0ygUPckRSlDmUkKocQsRZRiijKKOEUZxUyxjCKmKEWRWZRQyiRKKDMxJZSZtrKo1ZWdKbNI" +
      "SpFJlLDMJGUocZYilJhJgVC/aOWo1T1IYRlNiMvDL6wLXTKqOLT39Zm5rLlNOnoc2n1NEkM7GhgA/aZ2di5rzk5HE492X69k" +
      "8L22/n11sXHvBWPy2i3On1f88yQxT/2I4wE9rDfMsLzmhesmQjiH58H3mAumf9TAuLkB413AX/lj/e5e7jt+mnzvC9zL01Gv" +
      "HLR58yHwgmf6rm4Gu/NYW9f+YLq9d86Fc18uTyVx46cNl46Atzj1urUH4bb5wM42HvTa/Ehq4Vmm1RmHdh6Lz9Jd0iy8Gy2b" +
      "ez3Z/YUyNvdmjwEdbt+/5/xdn7Pn73GXBYxqBH1YA+xUxFUilUhF5KqkKsKL3rbi1+bVlq+NH9jmaQff3482t+hrmfg6bg3R" +
      "IA1KQzRUgzRoDdEgzYF2qi60G/W5OcTA9L9iK9AQDdVEGlRDNIgG1RBdjjpVx71cwKGCo9NpFBcYEPajO3MFF6Ao9Oh0GrwF" +
      "OoTw6By6jM8xjQEtauErQkPGQLsw4Ssit8VAEnXh6w59RweGABta7GEO2zANe5iGNezDPKxhD6ZhnQY6r4Wl9rJ+o/v7uc6P" +
      "79dzfG7/+3AF9Pm5/i/v13N8bvfLcyBgpvdwu/4u7+953J1/l0FoaX0/39fhvXzvj/fp+IcrqeF/+l7ey9X/OL+O72Ug5KNf" +
      "38/78N2f69PzfPyL68Pz+h8Pr//zHj2nz+15EESr9/Xy+h/n1+N7+f7vPYBRrSUW3Y2REchYuHYXB49XHPYyMRjVIw4O6OGw" +
      "4Q0L17xw8EQSDofz4OGYFyz8oIHBZg0Y2IV/hT2s37DX+wafJF/DC94LplCvcNDmDQ6JFzjTd4PN0O5wbOsKe3C6YW/OBXa9" +
      "XGCqxg0+6ZdoUmNlAgD4uLm6zc7P0Ozt7u8LDA0OKissLUlKS0xoaWprh4iJihYQAEUq8Eke+K2AT0qgbwV8Eg18K+CTPthb" +
      "AZ+kgN4K+KQa8lbAJ4GgXx0C",
  },
  {
    name: "checksum",
    make: () => MAKERS.stripes(3000),
    base64:
      "KLUv/WS4Cu0BAEQDAAAA/xMTE/8mJib/OTk5/0xMTP9fX1//cnJy/4WFhf+YmJj/q6ur/76+vv/R0dH/5OTk/wEAFLjrKyh7" +
      "E5OP",
  },
];
